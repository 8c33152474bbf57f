"""What the base's tests need to know of users."""
