"""Measures the cost of a statement without a clock."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import URL
from sqlalchemy.dialects import sqlite

from app.shared.infrastructure.database.statement import Statement
from tests.support.plans import execution, looked_at, nodes
from tests.support.probe.world import World

INSTRUCTIONS: Final = 100  # instructions of SQLite's machine between two checks


async def cost(world: World, statement: Statement, params: dict[str, Any]) -> int:
    """Return how many rows it reads; on SQLite, how many instructions it needs."""
    if world.is_sqlite:
        return await asyncio.to_thread(instructions, world.settings.database, statement, params)
    async with world.database.transaction() as connection:  # and rolled back
        explained = Explained(statement)
        (row,) = await connection.fetch_all(explained, params)
    (plan,) = row.values()
    return sum(looked_at(node) for node in nodes(plan[0]["Plan"]))


class Explained(Statement):
    """A statement that is run and returns its plan, instead of its result."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(statement.executable)
        own = statement.postgres
        self.postgres = replace(own, sql=f"EXPLAIN (ANALYZE, FORMAT JSON) {own.sql}")


def instructions(url: URL, statement: Statement, params: dict[str, Any]) -> int:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    dialect = sqlite.dialect(paramstyle="named")
    compiled = statement.executable.compile(dialect=dialect)  # type: ignore[attr-defined]
    values = {name: bind.effective_value for name, bind in compiled.binds.items()}
    with closing(sqlite3.connect(url.database or "")) as connection:
        connection.set_progress_handler(look, INSTRUCTIONS)
        connection.execute(str(compiled), values | params).fetchall()
        connection.rollback()
    return looks * INSTRUCTIONS


# --- With a plan of former times ----------------------------------------------------------------


class Remembered:
    """A connection to PostgreSQL that keeps one plan for a statement, as it does after a while.

    It counts the rows that the statement reads when there are many more of them.
    """

    def __init__(
        self, connection: asyncpg.Connection, statement: Statement, values: dict[str, Any]
    ) -> None:
        self._connection, self._sql = connection, statement.postgres.sql
        self._execute = execution(statement, values)

    async def plan(self) -> None:
        await self._connection.execute("SET plan_cache_mode = force_generic_plan")
        await self._connection.execute(f"PREPARE explained AS {self._sql}")
        await self._connection.execute(self._execute)

    async def cost(self) -> int:
        plan = await self._connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {self._execute}")
        return sum(looked_at(node) for node in nodes(orjson.loads(plan)[0]["Plan"]))
