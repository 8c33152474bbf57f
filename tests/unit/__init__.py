"""Fast tests of single rules: no database, no network, under five seconds in all."""
