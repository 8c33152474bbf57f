"""The user module's tables, and what its protocols look like on them."""
