"""Writes events in the transaction of their change."""
