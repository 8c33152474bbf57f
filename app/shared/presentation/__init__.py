"""Routes of every service: health, documentation, metrics, and the administration of events."""
