"""What one can do with tasks: each use case a file, a class and a transaction."""
