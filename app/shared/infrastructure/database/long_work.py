"""Connections for work that takes long, such as migrations and backups: without time limits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection
from sqlalchemy.pool import NullPool

from app.shared.infrastructure.database.postgres_address import connect_without_limits
from app.shared.infrastructure.database.sqlite_setup import prepare_sqlite

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")
Isolation = Literal["AUTOCOMMIT", "READ COMMITTED", "REPEATABLE READ"]

WAIT_SECONDS: Final = 60


@asynccontextmanager
async def server_engine(url: URL) -> AsyncIterator["AsyncEngine"]:
    """Yield an engine for PostgreSQL whose connections are made by the service's own driver."""
    # Imported here, because the import takes long, and the service itself does not need it.
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

    connect = partial(connect_without_limits, url, within=WAIT_SECONDS)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        yield engine
    finally:
        await engine.dispose()


def on_database(
    url: URL, work: Callable[[Connection], T], *, isolation: Isolation = "READ COMMITTED"
) -> T:
    """Return what the work returns. It has the connection for itself, and commits what it writes.

    A file must exist. SQLite knows one isolation only, the strictest.
    """
    if url.get_backend_name() == "postgresql":
        return asyncio.run(_on_server(url, work, isolation))
    Path(url.database or "").open("rb").close()  # SQLite would create it
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
    prepare_sqlite(engine, timeout=WAIT_SECONDS)
    with engine.connect() as connection:
        return work(connection)


async def _on_server(url: URL, work: Callable[[Connection], T], isolation: Isolation) -> T:
    async with server_engine(url) as engine, engine.connect() as connection:
        await connection.execution_options(isolation_level=isolation)
        return await connection.run_sync(work)
