"""The command line, the doctor and the worker, as their users run them."""
