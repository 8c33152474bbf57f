"""Unit tests of events and jobs, without a database."""
