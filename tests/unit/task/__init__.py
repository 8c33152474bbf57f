"""The rules of tasks, without database and HTTP."""
