"""Building blocks of use cases: they know the domain, and neither the web nor the database."""
