"""The ORM session on SQLite: its calls run in the transaction's thread."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Self

import orjson
from sqlalchemy import make_url
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from app.shared.infrastructure.database.orm import LentConnection, OrmSession
from app.shared.infrastructure.database.statement import json_text

Run = Callable[..., Awaitable[Any]]
"""Runs a function with the transaction's connection, in its thread, and returns its result."""


class _Dialect(SQLiteDialect_pysqlite):
    is_async = True
    supports_statement_cache = True


_DIALECT: Final = _Dialect(
    dbapi=sqlite3,
    json_serializer=json_text,
    json_deserializer=orjson.loads,
)


class _Cursor:
    """A cursor of an `await` driver. It holds all rows, so one change of thread is enough."""

    arraysize = 1

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount, self.lastrowid = -1, None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        await self._run(self._do, sqlite3.Cursor.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Sequence[Any]) -> None:
        await self._run(self._do, sqlite3.Cursor.executemany, sql, parameters)

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = ()

    def _do(self, raw: Connection, call: Callable[..., Any], sql: str, parameters: Any) -> None:
        cursor: Any = raw.connection.cursor()
        try:
            call(cursor, sql, parameters)
            self._rows = cursor.fetchall() if cursor.description else ()
        except sqlite3.Error as error:  # the form that the translation of errors knows
            raise DBAPIError.instance(
                sql, None, error, sqlite3.Error, hide_parameters=True
            ) from error
        else:
            self.description, self.rowcount = cursor.description, cursor.rowcount
            self.lastrowid = cursor.lastrowid
        finally:
            cursor.close()


class _Driver:
    def __init__(self, run: Run) -> None:
        self._run = run

    def cursor(self) -> _Cursor:
        return _Cursor(self._run)


class _Lent(LentConnection, AsyncAdapt_dbapi_connection):
    def __init__(self, driver: Any) -> None:
        super().__init__(sqlite3, driver)


def session_on(run: Run) -> OrmSession:
    """Return a session in the transaction that `run` runs its functions in."""
    return OrmSession(_Lent(_Driver(run)), _DIALECT, make_url("sqlite://"))
