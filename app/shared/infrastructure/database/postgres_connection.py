"""A transaction on PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import asyncpg

from app.core import tracing
from app.shared.infrastructure.database.connection import NothingCommitted, Row
from app.shared.infrastructure.database.postgres_errors import OUTDATED
from app.shared.infrastructure.database.statement import Statement

if TYPE_CHECKING:
    from app.shared.infrastructure.database.orm import OrmSession

SYSTEM: Final = "postgresql"
"""The name that traces have for it."""
Fail = Callable[[Exception, asyncpg.Connection], NoReturn]

# How many statements of a transaction can be run again. A longer one is a batch, with much data.
REMEMBERED: Final = 100


class PostgresConnection:
    """A connection inside a transaction. `fail` raises our error for a driver's."""

    def __init__(self, raw: asyncpg.Connection, fail: Fail) -> None:
        self._raw, self._fail = raw, fail
        # The statements and their results, in case they must be run again.
        self._done: list[tuple[str, tuple[Any, ...], Any]] | None = []
        self._session: OrmSession | None = None

    async def fetch_one(self, statement: Statement, params: Mapping[str, Any], /) -> Row | None:
        sql = statement.postgres
        with tracing.statement(SYSTEM, statement):
            row = await self._run("fetchrow", sql.sql, *sql.arguments(params))
        return cast("Row | None", row)

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        sql = statement.postgres
        with tracing.statement(SYSTEM, statement):
            rows = await self._run("fetch", sql.sql, *sql.arguments(params))
        return cast("Sequence[Row]", rows)

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        sql = statement.postgres
        with tracing.statement(SYSTEM, statement):
            return rows_hit(await self._run("execute", sql.sql, *sql.arguments(params)))

    async def execute_many(
        self, statement: Statement, params: Sequence[Mapping[str, Any]], /
    ) -> None:
        sql = statement.postgres
        with tracing.statement(SYSTEM, statement):
            await self._run("executemany", sql.sql, [sql.arguments(each) for each in params])

    def session(self) -> "OrmSession":
        if self._session is None:
            # Imported here, because the import takes long, and few transactions need it.
            from app.shared.infrastructure.database.postgres_orm import session_on  # noqa: PLC0415

            self._done = None  # statements of a session are not recorded
            self._session = session_on(self._raw, self._fail)
        return self._session

    def forget_session(self) -> None:
        if self._session is not None and self._session.is_rolled_back:
            raise NothingCommitted
        self._session = None

    async def commit(self) -> None:
        if self._session is not None and self._session.is_rolled_back:
            raise NothingCommitted
        with tracing.statement(SYSTEM, "COMMIT"):
            if await self._run("execute", "COMMIT") != "COMMIT":
                raise NothingCommitted

    async def close(self) -> None:
        """Let nothing use it any more."""
        if self._session is not None:
            await self._session.discard()

    async def _run(self, method: str, *arguments: Any) -> Any:
        try:
            answer = await getattr(self._raw, method)(*arguments)
        except OUTDATED as error:
            return await self._run_all_again(error, method, *arguments)
        except Exception as error:  # noqa: BLE001 - is raised, as what it means
            self._fail(error, self._raw)
        if self._done is not None:
            self._done.append((method, arguments, answer))
            if len(self._done) > REMEMBERED:
                self._done = None
        return answer

    async def _run_all_again(self, cause: Exception, method: str, *arguments: Any) -> Any:
        """Run the transaction again from its beginning, because a migration has ended it.

        Its code continues with the first results, so the new ones must be the same. If one differs,
        it ends as an outage: nothing was committed, and a client may repeat the request.
        """
        done, self._done = self._done, None
        if done is None:
            self._fail(cause, self._raw)
        try:
            is_same = await self._repeat(done)
            answer = await getattr(self._raw, method)(*arguments) if is_same else None
        except Exception as error:  # noqa: BLE001 - is raised, as what it means
            self._fail(error, self._raw)
        if not is_same:
            self._fail(cause, self._raw)
        return answer

    async def _repeat(self, done: Sequence[tuple[str, tuple[Any, ...], Any]]) -> bool:
        await self._raw.execute("ROLLBACK")
        await self._raw.execute("BEGIN")
        for method, arguments, answer in done:
            if await getattr(self._raw, method)(*arguments) != answer:
                return False
        return True


def rows_hit(status: str) -> int:
    """Return the number of rows in an answer such as "UPDATE 1"."""
    return int(status.rpartition(" ")[2])
