"""Alicerce: a user and task service, and the base that future services are stamped out of."""
