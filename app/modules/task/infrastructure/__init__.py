"""The task module's table, and what its protocols look like on it."""
