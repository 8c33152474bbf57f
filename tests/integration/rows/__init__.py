"""Rows of modules: lists in pages, lists of ids, child rows, an ORM session."""
