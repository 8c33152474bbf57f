"""The requirements of a PostgreSQL database, so that every text is stored and found."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from sqlalchemy import Select, func, literal, select

_ENCODING = select(func.current_setting("server_encoding").label("answer"))
_IGNORES_CASE = select((func.lower(literal("AÇÃO")) == literal("ação")).label("answer"))

Ask = Callable[[Select[Any]], Awaitable[Any]]
"""Runs a statement and returns its one value."""


class Unsuitable(NamedTuple):
    seen: str
    fix: str


async def why_unsuitable(ask: Ask) -> Unsuitable | None:
    """Return what is wrong with a database and how to create a better one, or None."""
    encoding = await ask(_ENCODING)
    if encoding != "UTF8":
        return Unsuitable(
            f"The database keeps text as {encoding}, which cannot store every character",
            "create it again: CREATE DATABASE name TEMPLATE template0 ENCODING 'UTF8'",
        )
    if not await ask(_IGNORES_CASE):
        return Unsuitable(
            "The database knows only the letters A to Z, so a search for AÇÃO misses ação",
            "create it again, with a locale that knows more: "
            "CREATE DATABASE name TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8'",
        )
    return None
