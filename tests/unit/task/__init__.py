"""The rules of tasks, without anything around them."""
