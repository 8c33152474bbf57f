"""What every request meets, whatever the module. Core imports nothing of the layers above it."""
