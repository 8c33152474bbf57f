"""Deliveries that Celery's workers run, on each broker."""
