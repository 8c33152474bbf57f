"""Modules from a list of fields: their grammar, and the recipe that writes their files."""
