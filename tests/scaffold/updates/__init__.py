"""Updates of projects: what the base brings, and what the project keeps."""
