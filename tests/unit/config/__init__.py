"""Settings: what stops the start, and how it is told."""
