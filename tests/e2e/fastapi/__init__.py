"""What FastAPI's users bring along, with the service that they bring it to."""
