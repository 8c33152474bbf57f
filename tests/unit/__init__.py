"""Fast tests of single rules: no database, no network, less than five seconds in total."""
