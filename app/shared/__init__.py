"""What the modules share, in the same layers as a module."""
