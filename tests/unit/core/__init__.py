"""The core, each part alone."""
