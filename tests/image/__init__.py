"""The container image, built and run without an engine."""
