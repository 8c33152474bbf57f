"""What a statement costs, by no clock."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import URL
from sqlalchemy.dialects import sqlite

from app.shared.infrastructure.database.query import Query
from tests.support.plans import execution, looked_at, nodes
from tests.support.probe.world import World

INSTRUCTIONS: Final = 100  # of SQLite's own machine, between two looks at it


async def cost(world: World, query: Query, params: dict[str, Any]) -> int:
    """Return how many rows it looks at; on SQLite, how many instructions it needs."""
    if world.is_sqlite:
        return await asyncio.to_thread(instructions, world.settings.database, query, params)
    async with world.database.transaction() as connection:  # and rolled back
        explained = Explained(query)
        (row,) = await connection.fetch_all(explained, params)
    (plan,) = row.values()
    return sum(looked_at(node) for node in nodes(orjson.loads(plan)[0]["Plan"]))


class Explained(Query):
    """A statement that is run and tells how, in place of what it finds."""

    def __init__(self, query: Query) -> None:
        super().__init__(query.statement)
        own = query.postgres
        self.postgres = replace(own, sql=f"EXPLAIN (ANALYZE, FORMAT JSON) {own.sql}")


def instructions(url: URL, query: Query, params: dict[str, Any]) -> int:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    dialect = sqlite.dialect(paramstyle="named")
    compiled = query.statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    values = {name: bind.effective_value for name, bind in compiled.binds.items()}
    with closing(sqlite3.connect(url.database or "")) as connection:
        connection.set_progress_handler(look, INSTRUCTIONS)
        connection.execute(str(compiled), values | params).fetchall()
        connection.rollback()
    return looks * INSTRUCTIONS


# --- With a plan of former times ----------------------------------------------------------------


class Remembered:
    """A connection to PostgreSQL that plans a statement once, as it does after a while, and stays.

    It counts the rows that the statement looks at when there are many more of them.
    """

    def __init__(
        self, connection: asyncpg.Connection, query: Query, values: dict[str, Any]
    ) -> None:
        self._connection, self._sql = connection, query.postgres.sql
        self._execute = execution(query, values)

    async def plan(self) -> None:
        await self._connection.execute("SET plan_cache_mode = force_generic_plan")
        await self._connection.execute(f"PREPARE explained AS {self._sql}")
        await self._connection.execute(self._execute)

    async def cost(self) -> int:
        plan = await self._connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {self._execute}")
        return sum(looked_at(node) for node in nodes(orjson.loads(plan)[0]["Plan"]))
