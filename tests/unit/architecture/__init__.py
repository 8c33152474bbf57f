"""The rules of the architecture are kept, and breaking them is noticed."""
