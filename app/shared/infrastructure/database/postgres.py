"""PostgreSQL by its driver, asyncpg: prepared statements, and nothing between them and the wire."""

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
from app.shared.infrastructure.database.pool import Pool
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
        self._is_heard = echo
        self._options: dict[str, Any] = {
            "dsn": url.set(drivername="postgresql").render_as_string(hide_password=False),
            "timeout": timeout,
            "command_timeout": timeout,
            "server_settings": {
                "application_name": "alicerce",
                "timezone": "UTC",
                "statement_timeout": str(int(timeout * 1000)),
                "lock_timeout": str(int(timeout * 500)),
                "idle_in_transaction_session_timeout": str(int(timeout * 2000)),
            },
        }
        self._pool = Pool(self._connect, size=pool_size, timeout=timeout)

    async def open(self) -> None:
        """Nothing yet: a connection is made when it is needed."""

    async def close(self) -> None:
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
        raw = await self._pool.take()
        is_idle = False
        try:
            answer = await getattr(raw, method)(sql, *arguments)
            is_idle = True
        except asyncpg.PostgresError:
            is_idle = True  # the server has said no, and is done with it
            raise
        finally:
            self._pool.give_back(raw, is_idle=is_idle)
        return answer

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        try:
            raw = await self._pool.take()
        except Exception as error:
            raise translated(error) from error
        try:
            async with _begun(raw) as transaction:
                yield PostgresConnection(raw, transaction)
        finally:
            self._pool.give_back(raw)

    async def _connect(self) -> asyncpg.Connection:
        raw: asyncpg.Connection = await asyncpg.connect(**self._options)
        try:
            await _speak_json(raw)
        except BaseException:
            raw.terminate()
            raise
        if self._is_heard:
            raw.add_query_logger(lambda record: log.info("statement", sql=record.query))
        return raw


@asynccontextmanager
async def _begun(raw: asyncpg.Connection) -> AsyncIterator[Any]:
    transaction = raw.transaction()
    try:
        await transaction.start()
    except BaseException as error:
        raw.terminate()  # nobody knows whether it has begun
        if isinstance(error, Exception):
            raise translated(error) from error
        raise
    try:
        yield transaction
    finally:
        with suppress(*_AWAY):  # the server rolls back by itself when the connection is gone
            if not raw.is_closed() and raw.is_in_transaction():
                await transaction.rollback()


async def _speak_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + strict_json.encode(value),  # jsonb's wire format, version 1
        decoder=lambda raw: orjson.loads(raw[1:]),
        format="binary",
    )
