"""Traces of whole requests, and of the work that follows from them."""
