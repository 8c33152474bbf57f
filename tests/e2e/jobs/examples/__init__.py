"""The examples of docs/jobs.md, as a project would have them in its modules."""
