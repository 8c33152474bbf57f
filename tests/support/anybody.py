"""Access to a database without any code of the service."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Inspector, MetaData, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

Answer = TypeVar("Answer")

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that is committed at the end."""
    url = make_url(address)
    engine = create_async_engine(
        url.set(drivername=_DRIVERS[url.get_backend_name()]), poolclass=NullPool
    )
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


async def run(address: str, statement: str) -> None:
    async with connected(address) as connection:
        await connection.execute(text(statement))


async def create_tables(address: str, schema: MetaData) -> None:
    """Add tables that no migration makes, where they are not there."""
    async with connected(address) as connection:
        await connection.run_sync(schema.create_all)


async def schema_of(address: str) -> dict[str, Any]:
    """Every table with its columns, keys and indexes, for comparison."""
    async with connected(address) as connection:
        return await connection.run_sync(_described)


def _described(connection: Connection) -> dict[str, Any]:
    inspector = inspect(connection)
    return {name: _table(inspector, name) for name in sorted(inspector.get_table_names())}


def _table(inspector: Inspector, name: str) -> dict[str, Any]:
    parts: list[Callable[[str], Any]] = [
        inspector.get_columns,
        inspector.get_pk_constraint,
        inspector.get_unique_constraints,
        inspector.get_foreign_keys,
        inspector.get_indexes,
    ]
    return {part.__name__: _comparable(part(name)) for part in parts}


def _comparable(found: Any) -> Any:
    """Types and conditions are compared by their text, and constraints without order."""
    if isinstance(found, list):
        return sorted((_comparable(item) for item in found), key=repr)
    if isinstance(found, dict):
        return {key: _comparable(value) for key, value in found.items()}
    return str(found)
