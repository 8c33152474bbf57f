"""One suite for every repository of every module."""
