"""Counting what is limited: in this process, or in Redis for all of them."""
