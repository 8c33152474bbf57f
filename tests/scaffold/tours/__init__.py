"""The tours of README.md: what they say is run."""
