"""What the modules have in common, in the same layers as a module."""
