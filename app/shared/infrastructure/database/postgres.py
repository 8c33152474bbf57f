"""PostgreSQL by its driver, asyncpg: prepared statements, and nothing between them and the wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import asyncpg
import orjson
import structlog
from sqlalchemy.engine import URL

from app.core import strict_json
from app.shared.infrastructure.database.connection import (
    DatabaseUnavailable,
    IntegrityViolation,
    Row,
)
from app.shared.infrastructure.database.query import Query

log = structlog.get_logger(__name__)

# What the driver raises when the server is away, restarting, full, or too slow to answer.
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a server that crashed said so, and has not hung up yet
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionRollbackError,  # it lost a deadlock; the next time it will not
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
# Of these, those after which a read may simply be sent again, on another connection.
_LOST = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


def translated(error: Exception) -> Exception:
    """Return the error as the layers above know it; what is a defect of ours stays as it is."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return IntegrityViolation(error.constraint_name or "")
    return DatabaseUnavailable() if isinstance(error, _AWAY) else error


class PostgresConnection:
    """A connection inside a transaction."""

    def __init__(self, raw: asyncpg.Connection, transaction: Any) -> None:
        self._raw, self._transaction = raw, transaction

    async def fetch_one(self, query: Query, params: Mapping[str, Any], /) -> Row | None:
        sql = query.postgres
        return cast(
            "Row | None", await self._try(self._raw.fetchrow, sql.sql, *sql.arguments(params))
        )

    async def fetch_all(self, query: Query, params: Mapping[str, Any], /) -> Sequence[Row]:
        sql = query.postgres
        return cast(
            "Sequence[Row]", await self._try(self._raw.fetch, sql.sql, *sql.arguments(params))
        )

    async def execute(self, query: Query, params: Mapping[str, Any], /) -> int:
        sql = query.postgres
        status = await self._try(self._raw.execute, sql.sql, *sql.arguments(params))
        return int(status.rpartition(" ")[2])  # such as "UPDATE 1"

    async def execute_many(self, query: Query, params: Sequence[Mapping[str, Any]], /) -> None:
        sql = query.postgres
        await self._try(self._raw.executemany, sql.sql, [sql.arguments(each) for each in params])

    async def commit(self) -> None:
        await self._try(self._transaction.commit)

    @staticmethod
    async def _try(run: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        try:
            return await run(*arguments)
        except Exception as error:
            raise translated(error) from error


class PostgresDatabase:
    """A pool of connections. Every wait in it is bounded by `timeout` seconds."""

    def __init__(self, url: URL, *, pool_size: int, timeout: float, echo: bool = False) -> None:
        self._timeout = timeout
        self._options: dict[str, Any] = {
            "dsn": url.set(drivername="postgresql").render_as_string(hide_password=False),
            "min_size": 0,
            "max_size": pool_size,
            "timeout": timeout,
            "command_timeout": timeout,
            "init": _speak_json_and_say_what_runs if echo else _speak_json,
            # The default asks the server to reset the session each time a connection comes back.
            # Nothing here changes a session, so that would be a round trip for nothing.
            "reset": _nothing_to_reset,
            "server_settings": {
                "application_name": "alicerce",
                "timezone": "UTC",
                "statement_timeout": str(int(timeout * 1000)),
                "lock_timeout": str(int(timeout * 500)),
                "idle_in_transaction_session_timeout": str(int(timeout * 2000)),
            },
        }
        self._pool: Any = None

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(**self._options)

    async def close(self) -> None:
        if self._pool is not None:
            with suppress(TimeoutError):  # what is still in use by then is cut off
                async with asyncio.timeout(self._timeout):
                    await self._pool.close()

    async def fetch_one(self, query: Query, params: Mapping[str, Any], /) -> Row | None:
        sql = query.postgres
        return cast("Row | None", await self._read("fetchrow", sql.sql, sql.arguments(params)))

    async def fetch_all(self, query: Query, params: Mapping[str, Any], /) -> Sequence[Row]:
        sql = query.postgres
        return cast("Sequence[Row]", await self._read("fetch", sql.sql, sql.arguments(params)))

    async def _read(self, method: str, sql: str, arguments: list[Any]) -> Any:
        try:
            return await self._read_once(method, sql, arguments)
        except _LOST:
            try:  # a restart leaves dead connections in the pool; a read may be sent twice
                return await self._read_once(method, sql, arguments)
            except Exception as error:
                raise translated(error) from error
        except Exception as error:
            raise translated(error) from error

    async def _read_once(self, method: str, sql: str, arguments: list[Any]) -> Any:
        async with self._pool.acquire(timeout=self._timeout) as raw:
            try:
                return await getattr(raw, method)(sql, *arguments)
            except asyncpg.InternalClientError:
                raw.terminate()  # or the pool would give it to the next one
                raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        try:
            raw = await self._pool.acquire(timeout=self._timeout)
        except Exception as error:
            raise translated(error) from error
        try:
            async with _begun(raw) as transaction:
                yield PostgresConnection(raw, transaction)
        finally:
            with suppress(*_AWAY):  # the pool throws away what can't be given back
                await self._pool.release(raw)


@asynccontextmanager
async def _begun(raw: asyncpg.Connection) -> AsyncIterator[Any]:
    transaction = raw.transaction()
    try:
        await transaction.start()
    except asyncpg.InternalClientError as error:
        raw.terminate()  # or the pool would give it to the next one
        raise translated(error) from error
    except Exception as error:
        raise translated(error) from error
    try:
        yield transaction
    finally:
        with suppress(*_AWAY):  # the server rolls back by itself when the connection is gone
            if raw.is_in_transaction():
                await transaction.rollback()


async def _speak_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + strict_json.encode(value),  # jsonb's wire format, version 1
        decoder=lambda raw: orjson.loads(raw[1:]),
        format="binary",
    )


async def _speak_json_and_say_what_runs(connection: asyncpg.Connection) -> None:
    await _speak_json(connection)
    connection.add_query_logger(lambda record: log.info("statement", sql=record.query))


async def _nothing_to_reset(_connection: asyncpg.Connection) -> None:
    """Leave the session as it is."""
