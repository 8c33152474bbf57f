"""Counters of limits: in this process, or in Redis for all processes."""
