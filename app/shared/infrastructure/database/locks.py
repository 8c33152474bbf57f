"""Locks by name, which end with the transaction."""

from typing import Final

from sqlalchemy import String, bindparam, select

from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import try_lock
from app.shared.infrastructure.database.statement import Statement

LOCK: Final = Statement(select(try_lock(bindparam("name", type_=String)).label("is_ours")))


async def is_alone(connection: Connection, name: str) -> bool:
    """Tell whether the transaction got the lock of this name, until it ends. It does not wait."""
    row = await connection.fetch_one(LOCK, {"name": name})
    return bool(row and row["is_ours"])
