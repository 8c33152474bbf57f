"""The unit of work on a database."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app.core.context import current_work
from app.core.events import EventRegistry
from app.shared.infrastructure.after_commit import AfterCommit
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.events.outbox.job_queue import SqlJobQueue
from app.shared.infrastructure.idempotency import DeferredCommit, claim_key

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.shared.infrastructure.database.orm import OrmSession


class SqlUnitOfWork:
    """One transaction with the changes of its repositories and their events, all or nothing.

    A module derives its own class and builds its repositories in `_build_repositories`. A handler
    gets one that joined the transaction of its delivery. The engine commits that transaction.
    """

    def __init__(self, database: Database, registry: EventRegistry, notifier: Notifier) -> None:
        self._database, self._registry, self._notifier = database, registry, notifier
        self._stack = AsyncExitStack()
        self._events = EventCollector(registry)
        self._connection: Connection
        self._after_commit = AfterCommit()
        self._session: OrmSession | None = None
        self._is_joined = self._is_committed = False

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            connection = await opening.enter_async_context(self._database.transaction())
            if (call := current_work.get().idempotent_call) is not None:
                await claim_key(connection, call)
            self._connection, self._stack = connection, opening.pop_all()
        self._build_repositories(self._connection, self._events)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)
        if self._is_committed:
            await self.run_after_commit()

    def join(self, connection: Connection) -> Self:
        """Join a transaction that the caller began and will end."""
        self._connection, self._is_joined = connection, True
        self._build_repositories(connection, self._events)
        return self

    @property
    def jobs(self) -> SqlJobQueue:
        """See `UnitOfWork`."""
        return SqlJobQueue(self._connection, self._registry, self._events)

    def session(self) -> "AsyncSession":
        """Return SQLAlchemy's ORM session in this transaction, for complex writes.

        `commit` writes the session's changes and ends the session. The session cannot commit
        itself. After its rollback, the unit of work cannot commit either.
        """
        self._session = self._connection.session()
        return self._session

    async def flush(self) -> bool:
        """Write the recorded events; return whether a handler waits for them."""
        if self._session is not None:
            await self._session.end()
        self._events.require_no_open_batch()
        return await self._events.write(self._connection)

    async def commit(self) -> None:
        """Write the events and commit. Raises if that fails.

        If the call has an Idempotency-Key, its answer belongs in the transaction. Then `run_once`
        gets the transaction and commits it together with the answer.
        """
        if self._is_joined:
            message = "a handler must not commit: the engine commits, together with the delivery"
            raise TypeError(message)
        is_awaited = await self.flush()
        if (call := current_work.get().idempotent_call) is not None:
            notifier = self._notifier if is_awaited else None
            call.deferred = DeferredCommit(
                self._connection, self._stack.pop_all(), notifier, self._after_commit
            )
            return
        await self._connection.commit()
        self._is_committed = True
        if is_awaited:
            self._notifier.notify()

    def after_commit(self, call: Callable[[], object], /) -> None:
        """See `UnitOfWork`. The call is at the end of the block, when the connection is free."""
        self._after_commit.add(call)

    async def run_after_commit(self) -> None:
        """Call the functions that wait for the commit.

        The owner of a joined transaction uses it.
        """
        await self._after_commit.run()

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        raise NotImplementedError
