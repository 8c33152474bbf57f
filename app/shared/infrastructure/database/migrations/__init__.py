"""The history of the schema: one file for each step, each of them reversible."""
