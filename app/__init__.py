"""Alicerce: a service with accounts, and the base for new services."""
