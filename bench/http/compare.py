"""Before anything is measured: do all give the same answers, and leave the same rows behind?"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import asyncpg

from bench.http.serving import Server
from bench.http.wire import Answer, ask

# What is another one in each answer that says the same.
OWN: Final = {"next_cursor"}
OWN_OF_NEW: Final = {"id", "created_at", "updated_at"}
WRITTEN: Final = ("task", "event_log", "event_delivery")


class AnswersDiffer(Exception):
    """They do not do the same, so it means nothing who is faster; the message says what differs."""


async def compare(
    servers: Sequence[Server], requests: Mapping[str, Sequence[bytes]], address: str
) -> None:
    """Ask each the first of each kind of request. Raises AnswersDiffer."""
    connection = await asyncpg.connect(address)
    try:
        for kind, (request, *_) in requests.items():
            first, *others = [await _asked(each, request, connection) for each in servers]
            for server, (answer, rows) in zip(servers[1:], others, strict=True):
                found = list(differences(first[0], answer))
                if rows != first[1]:
                    found.append(f"rows written to {WRITTEN}: {first[1]} and {rows}")
                if found:
                    told = "\n  ".join(found)
                    message = f"{kind}: {servers[0].name} and {server.name} differ:\n  {told}"
                    raise AnswersDiffer(message)
    finally:
        await connection.close()


def differences(one: Answer, other: Answer) -> Iterator[str]:
    """Return a line for each field that differs."""
    if one.status != other.status or not 200 <= one.status < 300:  # noqa: PLR2004 - all is well
        yield f"status: {one.status} and {other.status}"
    own = OWN_OF_NEW if one.status == 201 else OWN  # noqa: PLR2004 - created
    yield from _differing("body", one.body, other.body, own)


def _differing(place: str, one: Any, other: Any, own: set[str]) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if name not in own:
                values = one.get(name, "(absent)"), other.get(name, "(absent)")
                yield from _differing(f"{place}.{name}", *values, own)
            elif (one.get(name) is None) != (other.get(name) is None):
                yield f"{place}.{name}: one of them has none"
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _differing(f"{place}[{index}]", mine, theirs, own)
    elif _read(one) != _read(other):
        yield f"{place}: {one!r} and {other!r}"


def _read(value: Any) -> Any:
    """Return a moment for its text: `Z` and `+00:00` mean the same."""
    try:
        return dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


async def _asked(
    server: Server, request: bytes, connection: asyncpg.Connection
) -> tuple[Answer, list[int]]:
    before = await _counts(connection)
    answer = await ask(server.port, request)
    after = await _counts(connection)
    return answer, [new - old for old, new in zip(before, after, strict=True)]


async def _counts(connection: asyncpg.Connection) -> list[int]:
    return [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in WRITTEN]  # noqa: S608 - ours
