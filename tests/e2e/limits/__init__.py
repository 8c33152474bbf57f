"""Limits, as who comes too often meets them."""
