"""Building blocks of use cases. They know the domain, and neither the web nor the database."""
