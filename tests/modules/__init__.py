"""What the base's tests have to know of each module, in a folder of its name."""
