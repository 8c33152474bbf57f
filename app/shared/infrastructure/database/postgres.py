"""PostgreSQL by its driver, asyncpg, with prepared statements."""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NoReturn, cast

import asyncpg
import orjson
import structlog
from sqlalchemy.engine import URL

from app.core import tracing
from app.core.admission import Admission
from app.shared.infrastructure.database.connection import (
    DatabaseUnavailable,
    Row,
    SearchTooSlow,
)
from app.shared.infrastructure.database.outage import Outage
from app.shared.infrastructure.database.pool import Pool
from app.shared.infrastructure.database.postgres_address import connect_arguments
from app.shared.infrastructure.database.postgres_connection import (
    SYSTEM,
    PostgresConnection,
    rows_hit,
)
from app.shared.infrastructure.database.postgres_errors import (
    AWAY,
    LOST,
    ConnectionLost,
    translated,
)
from app.shared.infrastructure.database.statement import Statement

log = structlog.get_logger(__name__)

# Longer than a rollback takes. A cancelled caller need not wait for a server that hangs.
ROLLBACK_SECONDS: Final = 1.0


class PostgresDatabase:
    """A pool of connections. Every wait in it is limited to `timeout` seconds."""

    def __init__(
        self,
        url: URL,
        *,
        pool_size: int,
        timeout: float,
        search_timeout: float = math.inf,
        echo: bool = False,
        admission: Admission | None = None,
    ) -> None:
        self._is_heard = echo
        self._timeout, self._search_timeout = timeout, min(timeout, search_timeout)
        bounds = {
            "statement_timeout": str(int(timeout * 1000)),
            "lock_timeout": str(int(timeout * 500)),
            "idle_in_transaction_session_timeout": str(int(timeout * 2000)),
        }
        self._options = {
            **connect_arguments(url, timeout=timeout, settings=bounds),
            "command_timeout": timeout,
        }
        self._pool = Pool(self._connect, size=pool_size, timeout=timeout, admission=admission)
        self._outage = Outage()

    async def open(self) -> None:
        """Do nothing: a connection is made when it is needed."""

    async def close(self) -> None:
        await self._pool.close()

    async def fetch_one(self, statement: Statement, params: Mapping[str, Any], /) -> Row | None:
        return cast("Row | None", await self._read_statement("fetchrow", statement, params))

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        return cast("Sequence[Row]", await self._read_statement("fetch", statement, params))

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        return rows_hit(await self._write("execute", statement, params))

    async def execute_returning(
        self, statement: Statement, params: Mapping[str, Any], /
    ) -> Sequence[Row]:
        return cast("Sequence[Row]", await self._write("fetch", statement, params))

    async def is_writable(self) -> bool:
        # Off only on a primary, and only if the default does not forbid writes.
        is_so: bool = await self._read("fetchval", "SHOW transaction_read_only", []) == "off"
        if not is_so:
            self._pool.renew()
        return is_so

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        try:
            raw = await self._pool.acquire()
        except Exception as error:  # noqa: BLE001 - is raised, as what it means
            self.fail(error)
        connection = PostgresConnection(raw, self.fail)
        try:
            await self._begin(raw)
            yield connection
        finally:
            try:
                await connection.close()
                await _end(raw, within=min(self._timeout, ROLLBACK_SECONDS))
            # a caller that is cancelled during its rollback must return its connection too
            finally:
                self._pool.release(raw)

    def fail(self, error: Exception, raw: asyncpg.Connection | None = None) -> NoReturn:
        """Raise our error for the driver's; note whether it is part of an outage."""
        try:
            raise self._meant(error, raw)
        finally:
            # The traceback of what is raised holds this frame. If the frame held the error as well,
            # both, and the whole request, would stay until garbage collection.
            del error

    def _meant(self, error: Exception, raw: asyncpg.Connection | None) -> Exception:
        if isinstance(error, asyncpg.InterfaceError) and raw is not None and raw.is_closed():
            # Otherwise the code is wrong, such as two statements at once: a defect of ours.
            error = ConnectionLost()
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            self._pool.renew()
            if raw is not None:
                raw.terminate()
        known = translated(error)
        if known is error:
            return error
        if isinstance(known, DatabaseUnavailable):
            self._outage.failed(error, step="statement")
        known.__cause__ = error
        return known

    async def _write(self, method: str, statement: Statement, params: Mapping[str, Any]) -> Any:
        sql = statement.postgres
        try:  # once: if the connection is lost, it is unknown whether the write was committed
            with tracing.statement(SYSTEM, statement):
                return await self._run_once(method, sql.sql, sql.arguments(params), None)
        except Exception as error:  # noqa: BLE001 - is raised, as what it means
            self.fail(error)

    async def _read_statement(
        self, method: str, statement: Statement, params: Mapping[str, Any]
    ) -> Any:
        sql = statement.postgres
        within = self._search_timeout if statement.is_search else None
        with tracing.statement(SYSTEM, statement):
            return await self._read(method, sql.sql, sql.arguments(params), within)

    async def _read(
        self, method: str, sql: str, arguments: list[Any], within: float | None = None
    ) -> Any:
        try:
            return await self._run_once(method, sql, arguments, within)
        except LOST:
            try:  # a restart leaves dead connections in the pool; a read may be sent twice
                return await self._run_once(method, sql, arguments, within)
            except Exception as error:  # noqa: BLE001 - is raised, as what it means
                self.fail(error)
        except Exception as error:  # noqa: BLE001 - as above
            self.fail(error)

    async def _run_once(
        self, method: str, sql: str, arguments: list[Any], within: float | None
    ) -> Any:
        raw = await self._pool.acquire()
        is_idle = False
        try:
            answer = await getattr(raw, method)(sql, *arguments, timeout=within)
            is_idle = True
        except TimeoutError:
            if within is None:
                raise
            is_idle = await self._has_stopped(raw)
            raise SearchTooSlow from None
        except asyncpg.PostgresError:
            is_idle = True  # the server has refused, and has finished with it
            raise
        except asyncpg.InterfaceError:
            if raw.is_closed():
                raise ConnectionLost from None
            raise
        finally:
            self._pool.release(raw, is_idle=is_idle)
        if self._outage.is_on:
            self._outage.answered()
        return answer

    async def _has_stopped(self, raw: asyncpg.Connection) -> bool:
        """Wait until the server has cancelled a search, and return whether it has.

        A connection that is closed meanwhile loses the driver's cancel request, and the server
        would continue the search.
        """
        try:
            await raw.execute("SELECT 1", timeout=max(0.1, self._timeout - self._search_timeout))
        # TimeoutError is an OSError
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False
        return True

    async def _begin(self, raw: asyncpg.Connection) -> None:
        try:
            await raw.execute("BEGIN")
        except BaseException as error:
            raw.terminate()  # it is unknown whether the transaction has begun
            if isinstance(error, Exception):
                self.fail(error, raw)
            raise
        if self._outage.is_on:
            self._outage.answered()

    async def _connect(self) -> asyncpg.Connection:
        """Make a connection. Every failure is an outage, also a wrong password."""
        try:
            raw: asyncpg.Connection = await asyncpg.connect(**self._options)
            try:
                await _speak_json(raw)
            except BaseException:
                raw.terminate()
                raise
        except Exception as error:
            self._outage.failed(error, step="connect")
            # A frame of the driver holds the error, and its traceback holds that frame.
            error.__traceback__ = None
            raise DatabaseUnavailable from error
        if self._is_heard:
            raw.add_query_logger(lambda record: log.info("statement", sql=record.query))
        return raw


async def _end(raw: asyncpg.Connection, *, within: float) -> None:
    """Roll back what was not committed, if the connection still works."""
    if raw.is_closed() or not raw.is_in_transaction():
        return
    # The server rolls back when the connection is gone, and the pool closes a connection that is
    # still in a transaction.
    with suppress(asyncpg.InterfaceError, *AWAY):
        await raw.execute("ROLLBACK", timeout=within)


async def _speak_json(connection: asyncpg.Connection) -> None:
    """Read and write JSON as text, as SQLAlchemy does with its connections."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda text: b"\x01" + text.encode(),  # jsonb's wire format, version 1
        decoder=lambda raw: orjson.loads(raw[1:]),
        format="binary",
    )
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=str.encode, decoder=orjson.loads, format="binary"
    )
