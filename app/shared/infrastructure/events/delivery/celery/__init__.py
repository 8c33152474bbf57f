"""Deliveries sent over a broker by relays and run by Celery's workers."""
