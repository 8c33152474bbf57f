"""Everything that has to hold, from single rules to the whole service."""
