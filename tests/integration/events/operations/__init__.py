"""Seeing and steering the engine."""
