"""The base of the modules' infrastructure: database, unit of work, repositories, events."""
