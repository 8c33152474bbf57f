"""A database with data for each test, and what lies beside it."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import pytest
from sqlalchemy import URL, make_url

from tests.integration.cli.conftest import Run, Set
from tests.support.databases import run as run_on_server
from tests.support.databases import text
from tests.support.postgres import installed_tools

Row = tuple[Any, ...]


class Live(Protocol):
    """The live database of a test."""

    def sql(self, statement: str, database: str | None = None) -> list[Row]:
        """Run a statement, in this database or in one beside it; return its rows."""

    def beside(self) -> set[str]:
        """The other databases that restores made."""

    def go_back(self, output: str) -> None:
        """Do what the output of a restore says."""

    def copy(self, name: str) -> str:
        """Return the address of another database with the same data."""

    def drop(self) -> None: ...


class File:
    def __init__(self, file: Path) -> None:
        self.file = file

    def sql(self, statement: str, database: str | None = None) -> list[Row]:
        with closing(sqlite3.connect(database or self.file)) as connection, connection:
            return connection.execute(statement).fetchall()

    def beside(self) -> set[str]:
        return {
            str(path)
            for path in self.file.parent.glob(f"{self.file.name}.*")
            if not path.name.endswith(".part")
        }

    def go_back(self, output: str) -> None:
        command, kept, name = output.partition("and run: ")[2].splitlines()[0].split()
        assert command == "mv"
        Path(kept).rename(name)

    def copy(self, name: str) -> str:
        return f"sqlite:///{shutil.copy(self.file, self.file.with_name(name))}"

    def drop(self) -> None:
        self.file.unlink()


class OnServer:
    def __init__(self, url: URL) -> None:
        self.url, self._first = url, url.set(database="postgres")

    def sql(self, statement: str, database: str | None = None) -> list[Row]:
        url = self.url.set(database=database or self.url.database)
        rows: list[Row] = in_thread(lambda: asyncio.run(fetch(url, statement)))
        return rows

    def beside(self) -> set[str]:
        rows = self.sql("SELECT datname FROM pg_database", "postgres")
        return {name for (name,) in rows if name.startswith(f"{self.url.database}_")}

    def go_back(self, output: str) -> None:
        for line in output.partition("and run in psql")[2].splitlines()[1:3]:
            self.sql(line, "postgres")

    def copy(self, name: str) -> str:
        url = self.url.set(database=f"{self.url.database}_{name}")
        self.sql(f'CREATE DATABASE "{url.database}" TEMPLATE "{self.url.database}"', "postgres")
        return text(url)

    def drop(self) -> None:
        for name in {*self.beside(), self.url.database}:
            self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', "postgres")


async def fetch(url: URL, statement: str) -> list[Row]:
    connection = await asyncpg.connect(text(url))
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def in_thread(work: Callable[[], Any]) -> Any:
    """Outside of the tests' event loop, which may be running here."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(work).result()


@pytest.fixture(scope="session")
def filled(
    another_database: Callable[[str, str], str],
) -> Callable[[str, Run, Set], str]:
    """Returns the address of a database of a kind with demo data, made once."""
    made: dict[str, str] = {}

    def filled(kind: str, run: Run, set_to: Set) -> str:
        if kind not in made:
            made[kind] = another_database(kind, "filled")
            set_to(database_url=made[kind])
            assert run("seed").code == 0
        return made[kind]

    return filled


@pytest.fixture(params=["sqlite", "postgresql"])
def live(
    request: pytest.FixtureRequest,
    filled: Callable[[str, Run, Set], str],
    run: Run,
    set_to: Set,
    tmp_path: Path,
) -> Iterator[Live]:
    """A database with demo data, which DATABASE_URL names."""
    template = make_url(filled(request.param, run, set_to))
    live: Live
    if request.param == "sqlite":
        live = File(tmp_path / "live_test.db")
        with (
            closing(sqlite3.connect(template.database or "")) as source,
            closing(sqlite3.connect(tmp_path / "live_test.db")) as target,
        ):
            source.backup(target)
        address = f"sqlite:///{tmp_path / 'live_test.db'}"
    else:
        url = template.set(database=f"{template.database}_live")
        live = OnServer(url)
        live.drop()
        create = f'CREATE DATABASE "{url.database}" TEMPLATE "{template.database}"'
        in_thread(lambda: asyncio.run(run_on_server(url.set(database="postgres"), create)))
        address = text(url)
    set_to(database_url=address, postgres_tools=installed_tools())
    yield live
    live.drop()


@pytest.fixture
def backup(live: Live, run: Run, tmp_path: Path) -> Path:
    """A backup of the live database, with its manifest beside it."""
    file = tmp_path / "a.backup"
    result = run("backup", str(file))
    assert result.code == 0, result
    return file
