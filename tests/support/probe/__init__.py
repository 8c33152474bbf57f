"""A module for tests only, which tests the engine in any process that runs it."""
