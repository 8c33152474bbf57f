"""What publishing and delivering events costs: `make bench-events`."""
