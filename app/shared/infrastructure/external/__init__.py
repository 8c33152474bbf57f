"""Outgoing requests and emails. Every wait here is limited."""
