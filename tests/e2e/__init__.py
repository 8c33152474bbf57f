"""Tests of the whole service over HTTP; each runs on SQLite and on PostgreSQL."""
