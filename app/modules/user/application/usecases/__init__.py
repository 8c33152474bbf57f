"""The use cases of the user module."""
