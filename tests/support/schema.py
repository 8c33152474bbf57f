"""Tables that are not the service's, so not in its metadata."""

from typing import Final

from sqlalchemy import MetaData, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


async def create_tables(address: str, schema: MetaData) -> None:
    url = make_url(address)
    url = url.set(drivername=_DRIVERS[url.get_backend_name()])
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(schema.create_all)
    await engine.dispose()
