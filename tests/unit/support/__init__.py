"""Tests of what the suite itself stands on."""
