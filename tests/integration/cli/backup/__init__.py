"""Backups: taken, restored, checked and refused, as an operator does it."""
