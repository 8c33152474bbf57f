"""The building blocks of modules."""
