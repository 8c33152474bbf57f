"""Any other database by SQLAlchemy. SQLite, the embedded default, is the one that is tested."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import orjson
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from app.shared.infrastructure.database.connection import (
    DatabaseUnavailable,
    Row,
    SearchTooSlow,
)
from app.shared.infrastructure.database.list_parameters import SqliteCompiler
from app.shared.infrastructure.database.outage import Outage
from app.shared.infrastructure.database.sqlite_errors import is_out_of_time, translated
from app.shared.infrastructure.database.sqlite_setup import Deadline, make_private, prepare_sqlite
from app.shared.infrastructure.database.statement import Statement, UnsuitableValue, json_text

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """Where the blocking calls run, one hop each; SQLAlchemy's own asyncio takes several."""

    def __init__(self, count: int, outage: Outage) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="database")
        self._outage = outage

    async def run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the work returns. Raises as the layers above know errors."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, partial(work, *args, **kwargs))
        try:
            answer = await asyncio.shield(running)
        except asyncio.CancelledError:
            # A statement can't be stopped, and what follows on its connection must not overtake it.
            await asyncio.wait([running])
            raise
        except (StatementError, PoolTimeoutError) as error:
            known = translated(error)
            if isinstance(known, DatabaseUnavailable):
                self._outage.failed(getattr(error, "orig", None) or error, step="statement")
            if known is error:
                raise
            if not isinstance(known, UnsuitableValue):
                raise known from error
        else:
            if self._outage.is_on:
                self._outage.answered()
            return answer
        raise known  # out here, since what quotes the value would be its context in there

    def close(self) -> None:
        self._executor.shutdown()


class SqliteConnection:
    """A connection inside a transaction, which is begun with the first statement: one hop less."""

    def __init__(
        self, connect: Callable[[], Connection], threads: Threads, *, timeout: float
    ) -> None:
        self._connect, self._threads, self._timeout = connect, threads, timeout
        self._raw: Connection | None = None
        self._is_busy = False

    async def fetch_one(self, statement: Statement, params: Mapping[str, Any], /) -> Row | None:
        return await self._run(_first, statement, params)

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        return await self._run(_all, statement, params)

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        return await self._run(_hit, statement, params)

    async def execute_many(
        self, statement: Statement, params: Sequence[Mapping[str, Any]], /
    ) -> None:
        await self._run(_hit, statement, params)

    async def commit(self) -> None:
        await self._run(_commit)

    async def close(self) -> None:
        """Roll back what was not committed."""
        # A statement that nobody waits for any more may be about to open it.
        if self._is_busy or self._is_open():
            await self._threads.run(self._close_if_open)

    async def _run(self, work: Callable[..., R], *arguments: Any) -> R:
        if self._is_busy:  # other databases can't do that either
            message = "another statement of this transaction is still running"
            raise RuntimeError(message)
        self._is_busy = True
        try:
            return await self._threads.run(self._do, work, *arguments)
        finally:
            self._is_busy = False

    def _is_open(self) -> bool:
        return self._raw is not None and not self._raw.closed

    def _close_if_open(self) -> None:
        if self._raw is not None and self._is_open():
            self._raw.close()

    def _do(self, work: Callable[..., R], *arguments: Any) -> R:
        if self._raw is None:
            self._raw = self._connect()
            self._raw.begin()
        Deadline.set(self._raw, self._timeout)
        return work(self._raw, *arguments)


class SqliteDatabase:
    """An SQLAlchemy engine. Reads commit themselves; a transaction is begun as a writer's."""

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
        # SQLite has one writer, which waits for no reader: it has a connection and a thread of its
        # own. Waiting for it here is fair and costs nothing; SQLite's own way is to try again and
        # again.
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
        return await self._reading.run(self._read, _first, statement, params)

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        return await self._reading.run(self._read, _all, statement, params)

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
        # Where another file was put in its place, open connections go on with the one of before,
        # which has no name any more: what they write is lost with the process.
        self._file_seen = self._file_seen or found
        return found == self._file_seen and os.access(self._file, os.W_OK)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
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


def _commit(raw: Connection) -> None:
    try:
        raw.commit()
    except DBAPIError:
        # SQLAlchemy would give the connection back with the transaction open, and Python's
        # driver would commit it after all, at the next occasion. Closing it rolls it back.
        raw.invalidate()
        raise
    raw.close()


def _first(raw: Connection, statement: Statement, params: Any) -> Row | None:
    row = raw.execute(statement.executable, params).mappings().first()
    return cast("Row | None", row)


def _all(raw: Connection, statement: Statement, params: Any) -> Sequence[Row]:
    return cast("Sequence[Row]", raw.execute(statement.executable, params).mappings().all())


def _hit(raw: Connection, statement: Statement, params: Any) -> int:
    return raw.execute(statement.executable, params).rowcount
