"""Settings and what is built straight from them. Only the composition root imports this package."""
