"""The rules of accounts and sessions, without a database."""
