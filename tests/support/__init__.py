"""What tests stand on: the databases of a run."""
