"""What clients may send, by type."""
