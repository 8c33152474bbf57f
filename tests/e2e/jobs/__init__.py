"""Jobs over HTTP, and the examples of docs/jobs.md."""
