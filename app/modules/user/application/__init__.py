"""The use cases of accounts: each is a file, a class and a transaction."""
