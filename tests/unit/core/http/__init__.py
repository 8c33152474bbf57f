"""The web part of the core, on applications of a few lines."""
