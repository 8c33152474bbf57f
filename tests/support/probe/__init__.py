"""A module of the tests' own, by which the engine is proved in whichever process it runs."""
