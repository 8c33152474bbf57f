"""The code follows the rules of the architecture, and a violation is detected."""
