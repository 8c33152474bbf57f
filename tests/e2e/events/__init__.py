"""The admin API of events, and metrics, over HTTP."""
