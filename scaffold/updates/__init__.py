"""Later versions of the base in a project: its own commits, and what they would bring."""
