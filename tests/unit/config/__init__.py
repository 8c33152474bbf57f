"""Settings: what stops the start, and how it is reported."""
