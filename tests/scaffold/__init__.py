"""The tool: the projects that it makes, and what it adds to them."""
