"""The task module on real databases."""
