"""What the engine promises: one suite, run wherever deliveries can run."""
