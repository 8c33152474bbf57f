"""Any other database by SQLAlchemy. SQLite, the embedded default, is the one that is tested."""

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import orjson
from sqlalchemy import MetaData, PrimaryKeyConstraint, UniqueConstraint, create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from app.core import strict_json
from app.shared.infrastructure.database.connection import (
    DatabaseUnavailable,
    IntegrityViolation,
    Row,
)
from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.query import Query

P = ParamSpec("P")
R = TypeVar("R")

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")
_SQLITE_NAMED = re.compile(r"(?:CHECK constraint failed: |UNIQUE constraint failed: index ')(\w+)")


class Threads:
    """Where the blocking calls run, one hop each; SQLAlchemy's own asyncio takes several."""

    def __init__(self, count: int) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="database")

    async def run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the work returns. Raises as the layers above know errors."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, partial(work, *args, **kwargs))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # A statement can't be stopped, and what follows on its connection must not overtake it.
            await asyncio.wait([running])
            raise
        except (DBAPIError, PoolTimeoutError) as error:
            raise translated(error) from error

    def close(self) -> None:
        self._executor.shutdown()


class GenericConnection:
    """A connection inside a transaction, which is begun with the first statement: one hop less."""

    def __init__(self, connect: Callable[[], Connection], threads: Threads) -> None:
        self._connect, self._threads = connect, threads
        self._raw: Connection | None = None

    async def fetch_one(self, query: Query, params: Mapping[str, Any], /) -> Row | None:
        return await self._threads.run(self._do, _first, query, params)

    async def fetch_all(self, query: Query, params: Mapping[str, Any], /) -> Sequence[Row]:
        return await self._threads.run(self._do, _all, query, params)

    async def execute(self, query: Query, params: Mapping[str, Any], /) -> int:
        return await self._threads.run(self._do, _hit, query, params)

    async def execute_many(self, query: Query, params: Sequence[Mapping[str, Any]], /) -> None:
        await self._threads.run(self._do, _hit, query, params)

    async def commit(self) -> None:
        await self._threads.run(self._do, _commit)

    async def close(self) -> None:
        """Roll back what was not committed."""
        if self._raw is not None and not self._raw.closed:
            await self._threads.run(self._raw.close)

    def _do(self, work: Callable[..., R], *arguments: Any) -> R:
        if self._raw is None:
            self._raw = self._connect()
            self._raw.begin()
        return work(self._raw, *arguments)


class GenericDatabase:
    """An SQLAlchemy engine. Reads commit themselves; a transaction is begun as a writer's."""

    def __init__(self, url: URL, *, pool_size: int, timeout: float, echo: bool = False) -> None:
        self._engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout,
            echo=echo,
            hide_parameters=True,
            json_serializer=lambda value: strict_json.encode(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={"check_same_thread": False},
        )
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._threads = Threads(pool_size)
        # SQLite has one writer. Waiting for it here is fair and costs nothing; its own way of
        # waiting is to try again and again.
        self._writer = asyncio.Lock()
        self._timeout = timeout
        self._file = Path(url.database or "")
        prepare_sqlite(self._engine, timeout)

    async def open(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)

    async def close(self) -> None:
        self._threads.close()
        self._engine.dispose()

    async def fetch_one(self, query: Query, params: Mapping[str, Any], /) -> Row | None:
        return await self._threads.run(self._read, _first, query, params)

    async def fetch_all(self, query: Query, params: Mapping[str, Any], /) -> Sequence[Row]:
        return await self._threads.run(self._read, _all, query, params)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[GenericConnection]:
        async with self._alone():
            connection = GenericConnection(self._engine.connect, self._threads)
            try:
                yield connection
            finally:
                await connection.close()

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

    def _read(self, fetch: Callable[[Connection, Query, Any], R], query: Query, params: Any) -> R:
        with self._reader.connect() as raw:
            return fetch(raw, query, params)


def _commit(raw: Connection) -> None:
    try:
        raw.commit()
    except DBAPIError:
        # SQLAlchemy would give the connection back with the transaction open, and Python's
        # driver would commit it after all, at the next occasion. Closing it rolls it back.
        raw.invalidate()
        raise
    raw.close()


def _first(raw: Connection, query: Query, params: Any) -> Row | None:
    row = raw.execute(query.statement, params).mappings().first()
    return cast("Row | None", row)


def _all(raw: Connection, query: Query, params: Any) -> Sequence[Row]:
    return cast("Sequence[Row]", raw.execute(query.statement, params).mappings().all())


def _hit(raw: Connection, query: Query, params: Any) -> int:
    return raw.execute(query.statement, params).rowcount


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
