"""Faults that are caused on purpose: nothing may be lost, and nothing may be done twice."""
