"""What a module can do with rows: lists page by page, lists of ids, child rows, an ORM session."""
