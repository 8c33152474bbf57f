"""What clients may send, kind by kind."""
