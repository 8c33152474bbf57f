"""SQLAlchemy's ORM session inside a transaction that other code begins and ends."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from sqlalchemy.engine import URL, Dialect, Engine, ExceptionContext
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import NullPool
from sqlalchemy.util import LRUCache

from app.core import tracing
from app.core.exceptions import ConcurrentUpdate
from app.shared.infrastructure.database.statement import summary_of

# Compiled statements by their text; one session is too short for a cache of its own.
_COMPILED: Final[Any] = LRUCache(500)


class LentConnection:
    """A driver's connection for SQLAlchemy, which may run statements and not end the transaction.

    A mixin for SQLAlchemy's adapter of a driver.
    """

    is_over = False
    is_rolled_back = False

    def cursor(self, *args: Any, **options: Any) -> Any:
        if self.is_over:
            message = "the transaction of this session has ended; begin another unit of work"
            raise TypeError(message)
        return super().cursor(*args, **options)  # type: ignore[misc]

    def commit(self) -> None:
        message = "the unit of work commits, with its events: `await uow.commit()`"
        raise TypeError(message)

    def rollback(self) -> None:
        """Note the rollback, so that the unit of work cannot commit the rest."""
        self.is_rolled_back = self.is_rolled_back or not self.is_over

    def close(self) -> None:
        """Stay open: the connection goes back to its owner."""

    terminate = close


def _trace(engine: Engine) -> None:
    """Make a span of each statement, from the events that SQLAlchemy has before and after it."""
    running: list[AbstractContextManager[object]] = []

    def begin(*around: Any) -> None:
        compiled = around[4].compiled
        what = "SQL" if compiled is None else summary_of(compiled.statement)
        running.append(tracing.statement(engine.dialect.name, what))
        running[-1].__enter__()

    def end(*_: Any) -> None:
        running.pop().__exit__(None, None, None)

    def fail(context: ExceptionContext) -> None:
        error = context.original_exception
        if running:
            running.pop().__exit__(type(error), error, None)

    listen(engine, "before_cursor_execute", begin)
    listen(engine, "after_cursor_execute", end)
    listen(engine, "handle_error", fail)


class _UnitSession(Session):
    def flush(self, objects: Sequence[Any] | None = None) -> None:
        try:
            super().flush(objects)
        except StaleDataError as error:
            raise ConcurrentUpdate from error


class OrmSession(AsyncSession):
    """A session over one lent connection, for the time of the unit of work."""

    sync_session_class = _UnitSession

    def __init__(self, lent: Any, dialect: Dialect, url: URL) -> None:
        engine = Engine(
            NullPool(lambda: lent, dialect=dialect, reset_on_return=None),
            dialect,
            url,
            query_cache_size=0,
            execution_options={"compiled_cache": _COMPILED},
            hide_parameters=True,
        )
        if tracing.is_recording():
            _trace(engine)
        super().__init__(AsyncEngine(engine), expire_on_commit=False, close_resets_only=False)
        self._lent = lent

    @property
    def is_rolled_back(self) -> bool:
        """Whether a part was rolled back, so that the rest is incomplete."""
        return bool(self._lent.is_rolled_back)

    async def end(self) -> None:
        """Write the session's changes and end it. Raises what the writes raise."""
        await self.flush()
        await self.discard()

    async def discard(self) -> None:
        """End it without writing."""
        self._lent.is_over = True
        await self.close()
