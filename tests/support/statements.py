"""The statements that a database gets while requests are answered, recorded at its driver."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import copy_context
from typing import Any

import asyncpg
from sqlalchemy import event

from app.core.context import current_work
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from app.shared.infrastructure.database.sqlite_connection import Threads

_OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK")


class Statements:
    """The statements of requests, in their order, without those of background work.

    The delivery of a request's events is background work too, although it has the request's id.
    """

    def __init__(self) -> None:
        self._heard: list[str] = []

    def hear(self, sql: str) -> None:
        work = current_work.get()
        if work.request_id and work.caused_by is None:
            self._heard.append(sql.upper())

    async def forget(self) -> None:
        """Begin again, with the following statements."""
        await self._all_heard()
        self._heard.clear()

    async def in_all(self) -> list[str]:
        """All statements since the last `forget`, in capitals."""
        await self._all_heard()
        return list(self._heard)

    @staticmethod
    async def _all_heard() -> None:
        await asyncio.sleep(0)  # asyncpg reports in the loop's next turn

    async def without_transactions(self) -> list[str]:
        return [sql for sql in await self.in_all() if not sql.startswith(_OF_TRANSACTIONS)]


@asynccontextmanager
async def recorded(database: Database) -> AsyncIterator[Statements]:
    statements = Statements()
    if isinstance(database, PostgresDatabase):
        recording = _on_postgresql(database, statements.hear)
    else:
        assert isinstance(database, SqliteDatabase)
        recording = _on_sqlalchemy(database, statements.hear)
    async with recording:
        yield statements


@asynccontextmanager
async def _on_postgresql(
    database: PostgresDatabase, hear: Callable[[str], None]
) -> AsyncIterator[None]:
    def log(record: asyncpg.connection.LoggedQuery) -> None:
        hear(record.query)

    async for connection in _each_connection(database):
        connection.add_query_logger(log)
    yield
    async for connection in _each_connection(database):
        connection.remove_query_logger(log)


async def _each_connection(database: PostgresDatabase) -> AsyncIterator[Any]:
    """Open all connections of the pool, so that none is opened later without a logger."""
    pool = database._pool
    async with AsyncExitStack() as stack:
        for _ in range(pool._size):
            connection = await pool.acquire()
            stack.callback(pool.release, connection)
            yield connection


@asynccontextmanager
async def _on_sqlalchemy(
    database: SqliteDatabase, hear: Callable[[str], None]
) -> AsyncIterator[None]:
    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        hear(statement)

    def committed(_connection: Any) -> None:
        hear("COMMIT")

    engines = (database._reader, database._writer)
    with (
        _in_the_callers_context(database._reading),
        _in_the_callers_context(database._writing),
    ):
        for engine in engines:
            event.listen(engine, "before_cursor_execute", before)
            event.listen(engine, "commit", committed)
        yield
        for engine in engines:
            event.remove(engine, "before_cursor_execute", before)
            event.remove(engine, "commit", committed)


@contextmanager
def _in_the_callers_context(threads: Threads) -> Iterator[None]:
    """Statements run in threads, which do not know the request by themselves."""
    run = threads.run

    def run_in_context(work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        return run(copy_context().run, work, *args, **kwargs)

    threads.run = run_in_context  # type: ignore[method-assign,assignment]
    yield
    threads.run = run  # type: ignore[method-assign]
