"""SQLite by SQLAlchemy: the embedded default."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from app.core import tracing
from app.shared.infrastructure.database.connection import (
    DatabaseUnavailable,
    Row,
    SearchTooSlow,
)
from app.shared.infrastructure.database.list_parameters import SqliteCompiler
from app.shared.infrastructure.database.outage import Outage
from app.shared.infrastructure.database.sqlite_connection import (
    SYSTEM,
    SqliteConnection,
    Threads,
    all_rows,
    first_row,
    rows_hit,
)
from app.shared.infrastructure.database.sqlite_errors import is_out_of_time
from app.shared.infrastructure.database.sqlite_setup import Deadline, make_private, prepare_sqlite
from app.shared.infrastructure.database.statement import Statement, json_text

R = TypeVar("R")


class SqliteDatabase:
    """An SQLAlchemy engine. Reads commit themselves; a transaction begins as a writer."""

    def __init__(
        self,
        url: URL,
        *,
        pool_size: int,
        timeout: float,
        search_timeout: float = math.inf,
        echo: bool = False,
    ) -> None:
        create = partial(_engine, url, timeout=timeout, echo=echo)
        self._reader = create(pool_size).execution_options(isolation_level="AUTOCOMMIT")
        self._reading = Threads(pool_size, outage := Outage())
        # SQLite has one writer, which waits for no reader: it has its own connection and thread.
        # Waiting for it here is fair and costs nothing; SQLite's own way is to poll.
        self._writer = create(1)
        self._writing = Threads(1, outage)
        self._turn = asyncio.Lock()
        self._timeout, self._outage = timeout, outage
        self._search_timeout = min(timeout, search_timeout)
        self._file = Path(url.database or "")
        self._file_seen: int | None = None

    async def open(self) -> None:
        make_private(self._file)

    async def close(self) -> None:
        for threads, engine in ((self._reading, self._reader), (self._writing, self._writer)):
            threads.close()
            engine.dispose()

    async def fetch_one(self, statement: Statement, params: Mapping[str, Any], /) -> Row | None:
        with tracing.statement(SYSTEM, statement):
            return await self._reading.run(self._read, first_row, statement, params)

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        with tracing.statement(SYSTEM, statement):
            return await self._reading.run(self._read, all_rows, statement, params)

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        async with self.transaction() as connection:
            return await connection.commit_with(rows_hit, statement, params)

    async def execute_returning(
        self, statement: Statement, params: Mapping[str, Any], /
    ) -> Sequence[Row]:
        async with self.transaction() as connection:
            return await connection.commit_with(all_rows, statement, params)

    async def is_writable(self) -> bool:
        return await self._reading.run(self._is_file_writable)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteConnection]:
        async with self._alone():
            connection = SqliteConnection(
                self._writer.connect, self._writing, timeout=self._timeout
            )
            try:
                yield connection
            finally:
                await connection.close()

    def _is_file_writable(self) -> bool:
        try:
            found = self._file.stat().st_ino
        except OSError:
            return False
        # If another file replaced this one, open connections continue with the old one, which has
        # no name any more: what they write is lost when the process ends.
        self._file_seen = self._file_seen or found
        return found == self._file_seen and os.access(self._file, os.W_OK)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                with tracing.waiting(is_needed=self._turn.locked()):
                    await self._turn.acquire()
        except TimeoutError as error:
            self._outage.failed(error, step="turn to write")
            raise DatabaseUnavailable from None
        try:
            yield
        finally:
            self._turn.release()

    def _read(
        self, fetch: Callable[[Connection, Statement, Any], R], statement: Statement, params: Any
    ) -> R:
        with self._reader.connect() as raw:
            Deadline.set(raw, self._search_timeout if statement.is_search else self._timeout)
            try:
                return fetch(raw, statement, params)
            except OperationalError as error:
                if statement.is_search and is_out_of_time(error):
                    raise SearchTooSlow from error
                raise


def _engine(url: URL, size: int, *, timeout: float, echo: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=timeout,
        echo=echo,
        hide_parameters=True,
        json_serializer=json_text,
        json_deserializer=orjson.loads,
        connect_args={"check_same_thread": False},
    )
    engine.dialect.statement_compiler = SqliteCompiler
    prepare_sqlite(engine, timeout)
    return engine
