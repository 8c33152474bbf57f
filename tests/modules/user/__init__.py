"""What the base's tests have to know of users."""
