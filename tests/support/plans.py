"""What PostgreSQL reads for a statement, from its own plan."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson

from app.shared.infrastructure.database.statement import Statement

CUSTOM_PLANS: Final = 5
"""The server plans a prepared statement this many times; then it may keep one plan for all values.
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """How many rows a statement read of each table, and how many it returned or changed."""

    rows: Mapping[str, int]
    found: int
    read_through: frozenset[str]
    """The tables that it read completely."""


def reading(plan: dict[str, Any]) -> Reading:
    """Sum up an executed plan: with the rows that were read and discarded, in all its loops."""
    rows: Counter[str] = Counter()
    scans = [node for node in nodes(plan) if node["Node Type"].endswith("Scan")]
    for node in scans:
        if table := node.get("Relation Name"):
            rows[table] += looked_at(node)
    through = {n["Relation Name"] for n in scans if n["Node Type"] == "Seq Scan"}
    return Reading(rows, _found(plan), frozenset(through))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from nodes(part)


def looked_at(node: dict[str, Any]) -> int:
    removed = sum(count for what, count in node.items() if what.startswith("Rows Removed by"))
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])


def _found(plan: dict[str, Any]) -> int:
    """A change without RETURNING returns no rows: its input rows count."""
    if plan["Node Type"] != "ModifyTable":
        return int(plan["Actual Rows"])
    fed = [node for node in plan["Plans"] if node["Parent Relationship"] == "Outer"]
    return sum(int(node["Actual Rows"]) for node in fed)


async def explain(
    connection: asyncpg.Connection, query: Statement, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a prepared statement as the driver does, and roll back its changes.

    Return its plan of the first run, and the one that the server keeps later.
    """
    call = execution(query, values)
    await connection.execute(f"PREPARE explained AS {query.postgres.sql}")
    try:
        first = await _explained(connection, call)
        await connection.execute(f"EXPLAIN {call};" * CUSTOM_PLANS)
        return first, await _explained(connection, call)
    finally:
        await connection.execute("DEALLOCATE explained")


async def _explained(connection: asyncpg.Connection, call: str) -> dict[str, Any]:
    options = "ANALYZE, BUFFERS OFF, TIMING OFF, FORMAT JSON"
    transaction = connection.transaction()
    await transaction.start()
    try:
        told = await connection.fetchval(f"EXPLAIN ({options}) {call}")
    finally:
        await transaction.rollback()
    plan: dict[str, Any] = orjson.loads(told)[0]["Plan"]
    return plan


def execution(query: Statement, values: Mapping[str, Any]) -> str:
    """Return the call of the statement that was prepared as `explained`."""
    given = ", ".join(_literal(value) for value in query.postgres.arguments(values))
    return f"EXECUTE explained({given})" if given else "EXECUTE explained"


def _literal(value: Any) -> str:
    """Write a value so that the server reads it as the type that the statement needs."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return _literal("{" + ",".join(f'"{item}"' for item in value) + "}")
    return "'" + str(value).replace("'", "''") + "'"
