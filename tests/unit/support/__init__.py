"""Tests of the tests' own infrastructure."""
