"""Tests of the adapters against real services; each runs on SQLite and on PostgreSQL."""
