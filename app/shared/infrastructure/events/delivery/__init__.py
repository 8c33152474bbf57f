"""The delivery of events to their handlers, in this process or by Celery's workers."""
