"""What one can do with accounts: each use case a file, a class and a transaction."""
