"""Traces: how spans are sampled and sent to a collector."""
