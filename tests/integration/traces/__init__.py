"""Traces of statements, and how spans reach a collector."""
