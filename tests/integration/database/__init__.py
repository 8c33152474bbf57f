"""Statements, reads and transactions, and unreachable databases."""
