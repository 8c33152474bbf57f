"""The unit of work over a database."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.events.event_log import EventCollector


class SqlUnitOfWork:
    """One transaction: its repositories' changes and their events are kept together, or not at all.

    A module derives its own and builds its repositories in `_build_repositories`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stack = AsyncExitStack()
        self._events = EventCollector()
        self._connection: Connection

    async def __aenter__(self) -> Self:
        self._connection = await self._stack.enter_async_context(self._database.transaction())
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

    async def commit(self) -> None:
        """Write the events and commit. Raises if the changes are not durable."""
        await self._events.write(self._connection)
        await self._connection.commit()

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        raise NotImplementedError
