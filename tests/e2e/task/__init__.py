"""Tasks, over HTTP."""
