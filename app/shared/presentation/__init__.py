"""What every service answers, whatever its modules are: its health and its own documentation."""
