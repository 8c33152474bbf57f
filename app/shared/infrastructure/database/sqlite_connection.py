"""A transaction on SQLite, and the threads that its calls run in."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeAlias, TypeVar, cast

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core import tracing
from app.shared.infrastructure.database.connection import DatabaseUnavailable, NothingCommitted, Row
from app.shared.infrastructure.database.outage import Outage
from app.shared.infrastructure.database.sqlite_errors import translated
from app.shared.infrastructure.database.sqlite_setup import Deadline
from app.shared.infrastructure.database.statement import Statement, UnsuitableValue

if TYPE_CHECKING:
    from app.shared.infrastructure.database.orm import OrmSession

SYSTEM: Final = "sqlite"
"""The name that traces have for it."""
P = ParamSpec("P")
R = TypeVar("R")
Work: TypeAlias = Callable[[Connection, Statement, Any], R]


class Threads:
    """Runs a blocking call with one change of thread; SQLAlchemy's own asyncio needs several."""

    def __init__(self, count: int, outage: Outage) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="database")
        self._outage = outage

    async def run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the work returns. Raises our errors for the driver's."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, partial(work, *args, **kwargs))
        try:
            answer = await asyncio.shield(running)
        except asyncio.CancelledError:
            # A statement cannot be stopped, and the next one on its connection must not overtake
            # it.
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
        # raised outside of `except`, whose error quotes the value and would be its context
        raise known

    def close(self) -> None:
        self._executor.shutdown()


class SqliteConnection:
    """A connection inside a transaction.

    The first statement begins it, to save a change of thread.
    """

    def __init__(
        self, connect: Callable[[], Connection], threads: Threads, *, timeout: float
    ) -> None:
        self._connect, self._threads, self._timeout = connect, threads, timeout
        self._raw: Connection | None = None
        self._session: OrmSession | None = None
        self._is_busy = False

    async def fetch_one(self, statement: Statement, params: Mapping[str, Any], /) -> Row | None:
        with tracing.statement(SYSTEM, statement):
            return await self._run(first_row, statement, params)

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        with tracing.statement(SYSTEM, statement):
            return await self._run(all_rows, statement, params)

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        with tracing.statement(SYSTEM, statement):
            return await self._run(rows_hit, statement, params)

    async def execute_many(
        self, statement: Statement, params: Sequence[Mapping[str, Any]], /
    ) -> None:
        with tracing.statement(SYSTEM, statement):
            await self._run(rows_hit, statement, params)

    def session(self) -> "OrmSession":
        if self._session is None:
            # Imported here, because the import takes long, and few transactions need it.
            from app.shared.infrastructure.database.sqlite_orm import session_on  # noqa: PLC0415

            self._session = session_on(self._run)
        return self._session

    async def commit_with(self, work: Work[R], statement: Statement, params: Any) -> R:
        """Run a write and commit it, with one change of thread."""
        with tracing.statement(SYSTEM, statement):
            return await self._run(_committed, work, statement, params)

    def forget_session(self) -> None:
        if self._session is not None and self._session.is_rolled_back:
            raise NothingCommitted
        self._session = None

    async def commit(self) -> None:
        if self._session is not None and self._session.is_rolled_back:
            raise NothingCommitted
        with tracing.statement(SYSTEM, "COMMIT"):
            await self._run(_commit)

    async def close(self) -> None:
        """Roll back what was not committed, and let nothing use it any more."""
        if self._session is not None:
            await self._session.discard()
        # A cancelled statement may be about to begin the transaction.
        if self._is_busy or self._is_open():
            await self._threads.run(self._close_if_open)

    async def _run(self, work: Callable[..., R], *arguments: Any) -> R:
        if self._is_busy:  # other databases do not allow that either
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


def _commit(raw: Connection) -> None:
    try:
        raw.commit()
    except DBAPIError:
        # SQLAlchemy would return the connection with the transaction open, and Python's driver
        # would commit it later. Closing it rolls it back.
        raw.invalidate()
        raise
    raw.close()


def _committed(raw: Connection, work: Work[R], statement: Statement, params: Any) -> R:
    answer = work(raw, statement, params)
    _commit(raw)
    return answer


def first_row(raw: Connection, statement: Statement, params: Any) -> Row | None:
    row = raw.execute(statement.executable, params).mappings().first()
    return cast("Row | None", row)


def all_rows(raw: Connection, statement: Statement, params: Any) -> Sequence[Row]:
    return cast("Sequence[Row]", raw.execute(statement.executable, params).mappings().all())


def rows_hit(raw: Connection, statement: Statement, params: Any) -> int:
    return raw.execute(statement.executable, params).rowcount
