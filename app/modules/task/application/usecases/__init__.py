"""The use cases of the task module."""
