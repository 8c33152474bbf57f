"""A duty of housekeeping is done by one process at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.locks import is_alone


@asynccontextmanager
async def alone(database: Database, duty: str) -> AsyncIterator[Connection | None]:
    """Open a transaction for a duty of housekeeping; None if another process does that duty."""
    async with database.transaction() as connection:
        yield connection if await is_alone(connection, f"housekeeping:{duty}") else None
