"""FastAPI's own features, used by a module of the service."""
