"""Statements, reads and transactions, and what comes of a database that is away."""
