"""What is special about the embedded database: one file, one writer."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import (
    bindparam,
    func,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from app.modules.user.infrastructure.tables import refresh_token
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import (
    DatabaseUnavailable,
    IntegrityViolation,
    Reads,
)
from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from app.shared.infrastructure.database.sqlite_errors import translated
from app.shared.infrastructure.database.sqlite_setup import _write_ahead
from app.shared.infrastructure.database.statement import Statement
from tests.support.events import ADD, an_event, count_events

LONG_ENOUGH = 10


@asynccontextmanager
async def opened(
    path: Path | str, *, pool_size: int = 5, timeout_seconds: float = 5
) -> AsyncIterator[SqliteDatabase]:
    url = make_url(f"sqlite:///{path}")
    database = SqliteDatabase(url, pool_size=pool_size, timeout=timeout_seconds)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "service_test.db"


@pytest.fixture
async def migrated(path: Path) -> Path:
    path.parent.mkdir()
    await asyncio.to_thread(upgrade, f"sqlite:///{path}")
    return path


async def read(database: SqliteDatabase) -> None:
    await count_events(database)


async def write(database: SqliteDatabase) -> None:
    async with database.transaction() as connection:
        # a transaction that began as a reader could now fail for good
        await count_events(connection)
        await connection.execute(ADD, an_event())
        await connection.commit()


Work = Callable[[SqliteDatabase], Awaitable[None]]


async def expect_unavailable(work: Awaitable[object]) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        with pytest.raises(DatabaseUnavailable):
            await work


# --- How each connection is set up --------------------------------------------------------------

PRAGMAS = [
    ("journal_mode", "wal"),
    ("synchronous", 2),  # FULL
    ("foreign_keys", 1),
    ("busy_timeout", 1500),  # milliseconds
]


async def value_of(pragma: str, where: Reads) -> object:
    row = await where.fetch_one(Statement(text(f"PRAGMA {pragma}")), {})
    return next(iter(row.values())) if row else None


@pytest.mark.parametrize(("pragma", "value"), PRAGMAS)
async def test_each_connection_is_durable_concurrent_strict_and_patient(
    path: Path, pragma: str, value: object
) -> None:
    async with opened(path, timeout_seconds=1.5) as database:
        assert await value_of(pragma, database) == value
        async with database.transaction() as connection:
            assert await value_of(pragma, connection) == value


class ContestedCursor:
    """A cursor on a file that others are opening too: it is refused a number of times."""

    def __init__(self, refusals: int, code: int) -> None:
        self.refusals, self._error = refusals, sqlite3.OperationalError()
        self._error.sqlite_errorcode = code

    def execute(self, statement: str) -> None:
        assert statement == "PRAGMA journal_mode = WAL"
        if self.refusals:
            self.refusals -= 1
            raise self._error


def test_the_second_of_two_processes_that_open_a_new_file_tries_again() -> None:
    cursor = ContestedCursor(2, sqlite3.SQLITE_BUSY)
    _write_ahead(cursor, timeout=LONG_ENOUGH)
    assert cursor.refusals == 0


@pytest.mark.parametrize(
    ("code", "seconds"), [(sqlite3.SQLITE_BUSY, 0), (sqlite3.SQLITE_IOERR, LONG_ENOUGH)]
)
def test_a_locked_file_is_not_retried_for_ever(code: int, seconds: float) -> None:
    with pytest.raises(sqlite3.OperationalError):
        _write_ahead(ContestedCursor(1_000_000, code), timeout=seconds)


async def test_a_missing_folder_of_the_file_is_created(path: Path) -> None:
    async with opened(path):
        assert path.parent.is_dir()


async def test_upper_and_lower_case_are_those_of_unicode(path: Path) -> None:
    lower = Statement(select(func.lower(bindparam("text")).label("lower")))
    async with opened(path) as database:
        row = await database.fetch_one(lower, {"text": "ÉÇÃŁΩ"})
        assert row is not None
        assert row["lower"] == "éçãłω"
        row = await database.fetch_one(lower, {"text": None})
        assert row is not None
        assert row["lower"] is None


# --- One writer ---------------------------------------------------------------------------------


async def test_writers_of_two_processes_wait_for_each_other(migrated: Path) -> None:
    async with opened(migrated) as one, opened(migrated) as other:
        await asyncio.gather(*(write(database) for database in [one, other] * 15))
        assert await count_events(one) == 30


async def test_a_transaction_is_a_writer_from_its_beginning(migrated: Path) -> None:
    async with (
        opened(migrated) as one,
        opened(migrated, timeout_seconds=0.1) as other,
        one.transaction() as connection,
    ):
        await count_events(connection)  # has only read yet
        await expect_unavailable(write(other))


@contextmanager
def another_process_writes(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def test_a_write_does_not_wait_for_ever_for_another_process(migrated: Path) -> None:
    async with opened(migrated, timeout_seconds=0.1) as database:
        with another_process_writes(migrated):
            await expect_unavailable(write(database))
            await read(database)  # runs meanwhile
        await write(database)
        assert await count_events(database) == 1


async def test_a_write_does_not_wait_for_ever_for_another_one_in_this_process(
    migrated: Path,
) -> None:
    async with opened(migrated, timeout_seconds=0.1) as database:
        async with database.transaction():
            await expect_unavailable(write(database))
        await write(database)
        assert await count_events(database) == 1


async def test_a_read_runs_during_a_transaction_with_a_pool_of_one(migrated: Path) -> None:
    async with opened(migrated, pool_size=1) as database, asyncio.timeout(LONG_ENOUGH):
        async with database.transaction() as connection:
            await connection.execute(ADD, an_event())
            assert await count_events(database) == 0
            await connection.commit()
        assert await count_events(database) == 1


async def test_reads_and_writes_at_once_share_a_pool_of_one(migrated: Path) -> None:
    async with opened(migrated, pool_size=1, timeout_seconds=LONG_ENOUGH) as database:
        async with asyncio.timeout(LONG_ENOUGH):
            await asyncio.gather(*(work(database) for work in [read, write] * 10))
        assert await count_events(database) == 10


# --- A file that is no database -----------------------------------------------------------------


@pytest.mark.parametrize("work", [read, write])
async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path, work: Work) -> None:
    async with opened(tmp_path) as database:  # a folder
        await expect_unavailable(work(database))


@pytest.mark.parametrize("work", [read, write])
async def test_a_file_that_is_not_sqlite_is_no_outage(path: Path, work: Work) -> None:
    path.parent.mkdir()
    await asyncio.to_thread(path.write_text, "Lay the foundation. " * 100)
    async with opened(path) as database:
        with pytest.raises(DatabaseError, match="not a database"):
            await work(database)


# --- Errors -------------------------------------------------------------------------------------


def test_an_unexpected_error_stays_as_it_is() -> None:
    error = ValueError("anything")
    assert translated(error) is error


async def test_a_refused_commit_is_rolled_back(migrated: Path) -> None:
    orphan = {"fingerprint": "none", "session_id": new_id()}

    async def write_orphan(database: SqliteDatabase) -> None:
        async with database.transaction() as connection:
            await connection.execute(Statement(text("PRAGMA defer_foreign_keys = ON")), {})
            await connection.execute(Statement(insert(refresh_token)), orphan)
            await connection.commit()

    async with opened(migrated, pool_size=1) as database:
        with pytest.raises(IntegrityViolation):
            await write_orphan(database)
        assert list(await database.fetch_all(Statement(select(refresh_token)), {})) == []
        await write(database)
