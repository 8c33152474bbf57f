"""A transaction does its work while no other process does the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import String, bindparam, select

from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.expressions import try_lock
from app.shared.infrastructure.database.statement import Statement

LOCK: Final = Statement(select(try_lock(bindparam("name", type_=String)).label("is_ours")))


async def is_alone(connection: Connection, name: str) -> bool:
    """Tell whether the transaction got the lock of this name, until it ends. It does not wait."""
    row = await connection.fetch_one(LOCK, {"name": name})
    return bool(row and row["is_ours"])


@asynccontextmanager
async def alone(database: Database, duty: str) -> AsyncIterator[Connection | None]:
    """Open a transaction for a duty of housekeeping; None if another process does that duty."""
    async with database.transaction() as connection:
        yield connection if await is_alone(connection, f"housekeeping:{duty}") else None
