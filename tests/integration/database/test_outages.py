"""The log has the reason of an outage once, and its end once, and no private data."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, make_url, select
from structlog.typing import EventDict

from app.shared.infrastructure.database.connection import DatabaseUnavailable
from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.outage import Outage
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from app.shared.infrastructure.database.statement import Statement
from tests.integration.database.postgresql import (
    EVERYTHING,
    SLEEP,
    TIMEOUT,
    Work,
    expect_unavailable,
    opened,
    read,
    write,
)
from tests.support.cable import Cable
from tests.support.logs import captured_lines

PASSWORD = "c4n4ry"


@pytest.fixture(autouse=True)
def over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage ends with the first successful statement."""
    monkeypatch.setattr(Outage, "QUIET_SECONDS", 0)


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    with captured_lines() as lines:
        yield lines


def told(lines: list[Any]) -> list[tuple[str, str, str | None]]:
    """The reasons in the log."""
    reasons = [line for line in lines if line["event"] == "database unavailable"]
    codes = [line["sqlite"] if "sqlite" in line else line["sqlstate"] for line in reasons]
    return [(line["step"], line["error"], code) for line, code in zip(reasons, codes, strict=True)]


async def sleep(database: PostgresDatabase) -> None:
    await database.fetch_all(SLEEP, {})


async def test_an_outage_is_logged_once_with_its_reason_and_once_at_its_end(
    postgresql_url: str, lines: list[EventDict]
) -> None:
    cable = Cable(postgresql_url)
    async with cable.plugged_in() as url, opened(url) as database:
        await read(database)
        cable.cut()
        for _ in range(2):
            await expect_unavailable(read(database))
            await expect_unavailable(write(database))
        cable.mend()
        for _ in range(3):
            await read(database)
    assert len(told(lines)) == len(set(told(lines))) > 0
    ends = [line for line in lines if line["event"] == "database available again"]
    assert [line["failures"] for line in ends] == [4]


@EVERYTHING
async def test_a_wrong_password_is_an_outage_with_a_sqlstate(
    postgresql_url: str, lines: list[EventDict], work: Work
) -> None:
    async with opened(make_url(postgresql_url).set(password=PASSWORD)) as database:
        await expect_unavailable(work(database))
    assert told(lines) == [("connect", "InvalidPasswordError", "28P01")]
    assert PASSWORD not in str(lines)


@EVERYTHING
async def test_a_refused_connection_is_logged_as_such(
    postgresql_url: str, lines: list[EventDict], work: Work
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # and listens to nothing
        url = make_url(postgresql_url).set(port=probe.getsockname()[1])
        async with opened(url) as database:
            await expect_unavailable(work(database))
    assert told(lines) == [("connect", "ConnectionRefusedError", None)]


async def test_a_slow_statement_and_a_full_pool_are_logged_differently(
    postgresql_url: str, lines: list[EventDict]
) -> None:
    async with opened(postgresql_url, pool_size=1) as database:
        await expect_unavailable(sleep(database))
        async with database.transaction():
            await expect_unavailable(read(database))
    slow, full = told(lines)
    assert slow[1] in {"QueryCanceledError", "TimeoutError"}
    assert full == ("statement", "NoConnectionFree", None)


async def test_an_outage_ends_after_a_time_without_failures(
    lines: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage()
    for quiet_seconds, reasons in ((60, 1), (60, 1), (0, 1), (0, 2)):
        outage.failed(TimeoutError(), step="statement")
        assert len(told(lines)) == reasons
        monkeypatch.setattr(Outage, "QUIET_SECONDS", quiet_seconds)
        outage.answered()


async def test_a_file_that_cannot_be_opened_is_logged_too(
    tmp_path: Path, lines: list[EventDict]
) -> None:
    database = SqliteDatabase(make_url(f"sqlite:///{tmp_path}"), pool_size=1, timeout=TIMEOUT)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await database.fetch_one(SLEEP, {})
    await database.close()
    assert told(lines) == [("statement", "OperationalError", "SQLITE_CANTOPEN")]


async def test_a_damaged_file_is_an_outage(tmp_path: Path, lines: list[EventDict]) -> None:
    file = tmp_path / "a.db"
    upgrade(f"sqlite:///{file}")
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xde" * (len(whole) - 4096))
    database = SqliteDatabase(make_url(f"sqlite:///{file}"), pool_size=1, timeout=TIMEOUT)
    with pytest.raises(DatabaseUnavailable):
        await database.fetch_one(Statement(select(func.count()).select_from(event_log)), {})
    await database.close()
    assert told(lines) == [("statement", "DatabaseError", "SQLITE_CORRUPT")]


async def test_a_timeout_of_the_write_lock_is_logged(
    tmp_path: Path, lines: list[EventDict]
) -> None:
    url = make_url(f"sqlite:///{tmp_path}/any_test.db")
    database = SqliteDatabase(url, pool_size=1, timeout=TIMEOUT)
    async with database.transaction(), asyncio.timeout(10):
        with pytest.raises(DatabaseUnavailable):
            async with database.transaction():
                pass
    await database.close()
    assert told(lines) == [("turn to write", "TimeoutError", None)]
