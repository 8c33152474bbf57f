"""Migrations of a database from empty to this code, and back."""
