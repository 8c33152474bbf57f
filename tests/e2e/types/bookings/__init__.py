"""Bookings of a room: the example of docs/types.md. It has a field of each type."""
