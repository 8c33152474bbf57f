"""A module that is added by one line, and what the base finds in it."""
