"""What the modules' infrastructure is built on: database, unit of work, repositories, events."""
