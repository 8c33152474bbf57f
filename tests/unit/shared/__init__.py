"""What all modules are built of."""
