"""Accounts and sessions, over HTTP."""
