"""The project without its sample, the task module."""
