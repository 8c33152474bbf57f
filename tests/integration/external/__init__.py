"""Outgoing requests and emails, over real sockets."""
