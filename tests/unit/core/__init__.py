"""The core, each part by itself."""
