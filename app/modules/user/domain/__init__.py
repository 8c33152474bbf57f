"""The rules of accounts and sessions, in plain Python."""
