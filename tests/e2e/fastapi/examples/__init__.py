"""The examples of docs/fastapi.md, as a project would have them in its modules."""
