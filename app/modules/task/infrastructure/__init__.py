"""The table of the task module, and the implementations of its protocols."""
