"""Any other database by SQLAlchemy. SQLite, the embedded default, is the one that is tested."""

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import MetaData, PrimaryKeyConstraint, UniqueConstraint, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.core import strict_json
from app.shared.infrastructure.database.connection import (
    DatabaseUnavailable,
    IntegrityViolation,
    Row,
)
from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.query import Query

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")
_SQLITE_NAMED = re.compile(r"(?:CHECK constraint failed: |UNIQUE constraint failed: index ')(\w+)")


class GenericConnection:
    """A connection inside a transaction."""

    def __init__(self, raw: AsyncConnection) -> None:
        self._raw = raw

    async def fetch_one(self, query: Query, params: Mapping[str, Any], /) -> Row | None:
        row: Row | None = (await self._run(query, params)).mappings().first()
        return row

    async def fetch_all(self, query: Query, params: Mapping[str, Any], /) -> Sequence[Row]:
        rows: Sequence[Row] = (await self._run(query, params)).mappings().all()
        return rows

    async def execute(self, query: Query, params: Mapping[str, Any], /) -> int:
        count: int = (await self._run(query, params)).rowcount
        return count

    async def execute_many(self, query: Query, params: Sequence[Mapping[str, Any]], /) -> None:
        await self._run(query, list(params))

    async def commit(self) -> None:
        try:
            await self._raw.commit()
        except DBAPIError as error:
            # SQLAlchemy would give the connection back with the transaction open, and Python's
            # driver would commit it after all, at the next occasion. Closing it rolls it back.
            await self._raw.invalidate()
            raise translated(error) from error

    async def _run(self, query: Query, params: Any) -> Any:
        try:
            return await self._raw.execute(query.statement, params)
        except DBAPIError as error:
            raise translated(error) from error


class GenericDatabase:
    """An SQLAlchemy engine. Reads commit themselves; a transaction is begun as a writer's."""

    def __init__(self, url: URL, *, pool_size: int, timeout: float, echo: bool = False) -> None:
        self._engine = create_async_engine(
            url.set(drivername="sqlite+aiosqlite"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout,
            echo=echo,
            hide_parameters=True,
            json_serializer=lambda value: strict_json.encode(value).decode(),
            json_deserializer=orjson.loads,
        )
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        # SQLite has one writer. Waiting for it here is fair and costs nothing; its own way of
        # waiting is to try again and again.
        self._writer = asyncio.Lock()
        self._timeout = timeout
        self._file = Path(url.database or "")
        prepare_sqlite(self._engine.sync_engine, timeout)

    async def open(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)

    async def close(self) -> None:
        await self._engine.dispose()

    async def fetch_one(self, query: Query, params: Mapping[str, Any], /) -> Row | None:
        async with self._reading() as connection:
            return await connection.fetch_one(query, params)

    async def fetch_all(self, query: Query, params: Mapping[str, Any], /) -> Sequence[Row]:
        async with self._reading() as connection:
            return await connection.fetch_all(query, params)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[GenericConnection]:
        async with _connected(self._reader) as raw:
            yield GenericConnection(raw)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[GenericConnection]:
        async with self._alone(), _connected(self._engine) as raw:
            try:
                await raw.begin()
            except DBAPIError as error:
                raise translated(error) from error
            yield GenericConnection(raw)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                await self._writer.acquire()
        except TimeoutError:
            raise DatabaseUnavailable from None
        try:
            yield
        finally:
            self._writer.release()


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    connection = engine.connect()
    try:
        await connection.start()
    except (DBAPIError, PoolTimeoutError) as error:
        raise translated(error) from error
    try:
        yield connection
    finally:
        await connection.close()


def prepare_sqlite(engine: Engine, timeout: float) -> None:
    """Set up each new connection: durable, concurrent, and honest about transactions."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")  # for other processes
        _write_ahead(cursor, timeout)  # readers and the writer don't wait for each other
        cursor.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        # SQLite's own lower() knows only ASCII, and search compares without case.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            # A transaction that starts as a reader and then writes can fail for good half-way.
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _write_ahead(cursor: Any, timeout: float) -> None:
    """Switch the file to a write-ahead log, where that is not done yet.

    Of two that open a new file at once one is refused, whatever the busy_timeout: it may hold
    what the other waits for. So it lets go and tries again.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def translated(error: Exception) -> Exception:
    """Return the error as the layers above know it; what is a defect of ours stays as it is."""
    if isinstance(error, IntegrityError) and isinstance(error.orig, Exception):
        return IntegrityViolation(constraint_name(str(error.orig), metadata))
    if isinstance(error, OperationalError | PoolTimeoutError):
        code = getattr(getattr(error, "orig", None), "sqlite_errorcode", sqlite3.SQLITE_BUSY)
        return error if code == sqlite3.SQLITE_ERROR else DatabaseUnavailable()
    return error


def constraint_name(message: str, schema: MetaData) -> str:
    """Return the name of the constraint that SQLite complains of: mostly it names the columns."""
    if named := _SQLITE_NAMED.search(message):
        return named[1]
    unique = _SQLITE_UNIQUE.search(message)
    if unique is None:
        return ""
    columns = [column.strip() for column in unique[1].split(",")]
    table = schema.tables.get(columns[0].partition(".")[0])
    if table is None:
        return ""
    names = {column.partition(".")[2] for column in columns}
    keys = [c for c in table.constraints if isinstance(c, UniqueConstraint | PrimaryKeyConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    return next(
        (str(rule.name) for rule in (*keys, *indexes) if {c.name for c in rule.columns} == names),
        "",
    )
