"""Malicious and malformed requests."""
