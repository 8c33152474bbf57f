"""What the service still does when three times as much is asked of it as it can do."""
