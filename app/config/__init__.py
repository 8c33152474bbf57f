"""Settings and what is built from them. Only the composition root imports this package."""
