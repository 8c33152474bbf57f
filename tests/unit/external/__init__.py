"""Outgoing requests and emails, without sockets."""
