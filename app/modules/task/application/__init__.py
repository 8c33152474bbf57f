"""The use cases of tasks: each is a file, a class and a transaction."""
