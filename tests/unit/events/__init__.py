"""What of the event engine needs no database."""
