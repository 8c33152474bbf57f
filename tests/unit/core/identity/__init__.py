"""Passwords and what hashes them, without a database."""
