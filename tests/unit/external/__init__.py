"""What leaves the service, as far as no socket is needed."""
