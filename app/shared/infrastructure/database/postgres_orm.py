"""The ORM session on a connection of asyncpg."""

from collections.abc import Callable
from typing import Any, Final, NoReturn

import orjson
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.asyncpg import (
    AsyncAdapt_asyncpg_connection,
    PGDialect_asyncpg,
)

from app.shared.infrastructure.database.orm import LentConnection, OrmSession
from app.shared.infrastructure.database.statement import json_text

_DIALECT: Final = PGDialect_asyncpg(  # type: ignore[no-untyped-call]
    dbapi=PGDialect_asyncpg.import_dbapi(),  # type: ignore[no-untyped-call]
    json_serializer=json_text,
    json_deserializer=orjson.loads,
)


class _Lent(LentConnection, AsyncAdapt_asyncpg_connection):
    def __init__(self, raw: Any, fail: Callable[[Exception, Any], NoReturn]) -> None:
        super().__init__(_DIALECT.dbapi, raw)  # type: ignore[no-untyped-call]
        self.isolation_level = "autocommit"  # so it begins no transaction: there is one
        self._fail = fail

    def _handle_exception(self, error: Exception) -> NoReturn:
        self._fail(error, self._connection)


def session_on(raw: Any, fail: Callable[[Exception, Any], NoReturn]) -> OrmSession:
    """Return a session in the connection's transaction; `fail` raises our error for a driver's."""
    return OrmSession(_Lent(raw, fail), _DIALECT, make_url("postgresql+asyncpg://"))
