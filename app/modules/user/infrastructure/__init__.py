"""The tables of the user module, and the implementations of its protocols."""
