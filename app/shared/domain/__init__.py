"""Building blocks of a domain: plain Python, no framework, no clock, no database."""
