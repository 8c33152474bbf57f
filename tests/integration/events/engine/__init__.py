"""Details of the engine, in one process, on each database."""
