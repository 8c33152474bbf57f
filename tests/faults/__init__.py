"""What goes wrong on purpose: nothing may be lost, and nothing may be done twice."""
