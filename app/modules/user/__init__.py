"""Accounts: the users, how they sign in, and what their roles allow.

The module publishes events of accounts (`domain/events.py`), handles them itself, and sends emails.
"""
