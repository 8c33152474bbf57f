"""Alicerce: a service with accounts, and the base that future services are stamped out of."""
