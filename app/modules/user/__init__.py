"""Accounts: who somebody is, how they prove it, and what their roles allow.

Publishes what happens to accounts (`domain/events.py`), listens to that itself, and writes mails.
"""
