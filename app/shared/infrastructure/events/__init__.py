"""How published facts are kept: written with the change that made them, in its transaction."""
