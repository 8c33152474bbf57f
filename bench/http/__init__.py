"""What a request costs, beside the limit and the alternatives: `make bench`."""
