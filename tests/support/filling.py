"""Pieces of the SQL that fills tables for the plans of statements, in PostgreSQL's own words.

The dice are the same each time, and so are the ids: row n has the id n, written as a UUID.
"""

from typing import Final

ROWS: Final = 100_000
"""So many are in every table that grows."""

OWNERS: Final = 1_000
"""So many users share what is theirs."""


def as_id(number: str) -> str:
    """Return the id that a number stands for."""
    return f"lpad(to_hex({number}), 32, '0')::uuid"


ID: Final = as_id("n")
OWNER: Final = as_id(f"1 + n % {OWNERS}")
MINUTES_AGO: Final = f"now() - ({ROWS} - n) * interval '1 minute'"
