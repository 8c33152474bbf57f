"""The HTTP part of the core, with small applications."""
