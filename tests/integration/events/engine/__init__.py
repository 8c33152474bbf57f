"""The engine looked at closely, in one process, on each database."""
