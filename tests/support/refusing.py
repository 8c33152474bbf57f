"""A database that refuses a chosen statement, and runs all others."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from app.shared.infrastructure.database.connection import Connection, Database, Row
from app.shared.infrastructure.database.orm import OrmSession
from app.shared.infrastructure.database.statement import Statement

Params = Mapping[str, Any]


class Refusing:
    """Counts how often it refused. `only` decides by the parameters whether it does."""

    def __init__(
        self,
        database: Database,
        query: Statement,
        error: Exception,
        *,
        only: Callable[[Params], bool] = lambda _params: True,
    ) -> None:
        self._database, self._query, self._only = database, query, only
        self.error: Exception | None = error
        self.refused = 0

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def fetch_one(self, query: Statement, params: Params, /) -> Row | None:
        self.refuse(query, params)
        return await self._database.fetch_one(query, params)

    async def fetch_all(self, query: Statement, params: Params, /) -> Sequence[Row]:
        self.refuse(query, params)
        return await self._database.fetch_all(query, params)

    async def execute(self, query: Statement, params: Params, /) -> int:
        self.refuse(query, params)
        return await self._database.execute(query, params)

    async def execute_returning(self, query: Statement, params: Params, /) -> Sequence[Row]:
        self.refuse(query, params)
        return await self._database.execute_returning(query, params)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._database.transaction() as connection:
            yield RefusingConnection(self, connection)

    def refuse(self, query: Statement, params: Params) -> None:
        if query is self._query and self.error is not None and self._only(params):
            self.refused += 1
            raise self.error


class RefusingConnection:
    def __init__(self, database: Refusing, connection: Connection) -> None:
        self._database, self._connection = database, connection

    async def fetch_one(self, query: Statement, params: Params, /) -> Row | None:
        self._database.refuse(query, params)
        return await self._connection.fetch_one(query, params)

    async def fetch_all(self, query: Statement, params: Params, /) -> Sequence[Row]:
        self._database.refuse(query, params)
        return await self._connection.fetch_all(query, params)

    async def execute(self, query: Statement, params: Params, /) -> int:
        self._database.refuse(query, params)
        return await self._connection.execute(query, params)

    async def execute_many(self, query: Statement, params: Sequence[Params], /) -> None:
        for each in params:
            self._database.refuse(query, each)
        await self._connection.execute_many(query, params)

    def forget_session(self) -> None:
        self._connection.forget_session()

    def session(self) -> OrmSession:
        return self._connection.session()

    async def commit(self) -> None:
        await self._connection.commit()
