"""Pieces of SQL that fill tables for the plans of statements, for PostgreSQL.

Random values are the same in each run, and so are the ids: row n has the id n, written as a UUID.
"""

from typing import Final

ROWS: Final = 100_000
"""The number of rows in every table that grows."""

OWNERS: Final = 1_000
"""The number of users who own these rows."""


def as_id(number: str) -> str:
    """Return the id that a number stands for."""
    return f"lpad(to_hex({number}), 32, '0')::uuid"


ID: Final = as_id("n")
OWNER: Final = as_id(f"1 + n % {OWNERS}")
MINUTES_AGO: Final = f"now() - ({ROWS} - n) * interval '1 minute'"
