"""What the base's tests need to know of tasks, and what the tests of tasks share."""
