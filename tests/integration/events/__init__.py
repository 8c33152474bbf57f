"""Changes and their events are stored together or not at all, and each event has its effects."""
