"""The code that every request passes, for all modules.

Core imports nothing of the layers above it.
"""
