"""The tool that makes projects from this base, and modules in them."""
