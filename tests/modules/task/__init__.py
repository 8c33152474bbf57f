"""What the base's tests have to know of tasks, and what the tests of tasks share."""
