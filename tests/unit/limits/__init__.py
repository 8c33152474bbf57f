"""Limits, without a server."""
