"""The worker keeps house until it is told to stop, whatever becomes of a chore."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from dependency_injector.providers import Object
from structlog.testing import LogCapture

from app import worker
from app.config.settings import load_settings
from app.container import ApplicationContainer, build_container
from app.core.exceptions import Unavailable
from app.worker import housekeeping, run_worker
from tests.integration.cli.conftest import Run, Set
from tests.support.server import PATIENCE_SECONDS, Command


class Chore:
    """Something to be done, with the outcomes that it is to have, one after another."""

    def __init__(self, *outcomes: int | Exception) -> None:
        self.outcomes = list(outcomes)
        self.is_over = asyncio.Event()

    async def execute(self) -> int:
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.is_over.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class LongChore(Chore):
    """Begins, and ends when it is let go."""

    def __init__(self) -> None:
        super().__init__(1)
        self.may_end = asyncio.Event()

    async def execute(self) -> int:
        result = await super().execute()
        await self.may_end.wait()
        return result


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    capture = LogCapture()
    monkeypatch.setattr(worker, "log", structlog.wrap_logger(None, processors=[capture]))
    return capture.entries


@pytest.fixture
def container(database_url: str, set_to: Set) -> Iterator[ApplicationContainer]:
    set_to(database_url=database_url)
    container = build_container(load_settings())
    yield container
    container.hasher().close()


def with_chores(container: ApplicationContainer, emptying: Chore, forgetting: Chore) -> None:
    container.task.purge_bin.override(Object(emptying))
    container.user.purge_sessions.override(Object(forgetting))


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_it_keeps_house_at_once_and_ends_when_it_is_told_to(
    container: ApplicationContainer, log_lines: list[Any], kind: signal.Signals
) -> None:
    async def work() -> None:
        last = Chore(5)
        with_chores(container, Chore(3), last)
        running = asyncio.create_task(run_worker(container))
        await last.is_over.wait()
        os.kill(os.getpid(), kind)
        await running

    asyncio.run(work())
    assert [(line["event"], line["count"]) for line in log_lines] == [
        ("bin emptied", 3),
        ("sessions forgotten", 5),
    ]


async def test_a_chore_that_fails_keeps_nobody_from_the_others_nor_from_the_next_round(
    container: ApplicationContainer, log_lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "INTERVAL_SECONDS", 0)
    last = Chore(7, 8, 9)
    with_chores(container, Chore(Unavailable(), ValueError("unforeseen"), 3), last)
    async with housekeeping(container):
        await last.is_over.wait()
    assert [(line["log_level"], line["event"], line.get("count")) for line in log_lines] == [
        ("warning", "chore put off", None),
        ("info", "sessions forgotten", 7),
        ("error", "chore failed", None),
        ("info", "sessions forgotten", 8),
        ("info", "bin emptied", 3),
        ("info", "sessions forgotten", 9),
    ]
    assert (log_lines[0]["chore"], log_lines[0]["reason"]) == ("bin emptied", "unavailable")
    assert (log_lines[2]["chore"], log_lines[2]["exc_info"]) == ("bin emptied", True)


async def test_a_chore_that_was_begun_is_ended(
    container: ApplicationContainer, log_lines: list[Any]
) -> None:
    long = LongChore()
    with_chores(container, long, Chore(0))
    before = asyncio.all_tasks()
    async with housekeeping(container):
        await long.is_over.wait()
        asyncio.get_running_loop().call_soon(long.may_end.set)
    assert log_lines[0] == {"event": "bin emptied", "count": 1, "log_level": "info"}
    assert asyncio.all_tasks() == before


# --- As it is started ---------------------------------------------------------------------------


@pytest.fixture
def forgotten(run: Run, empty_folder: Path) -> Callable[[], bool]:
    """Tells whether a session that ended long ago is still there."""
    run("migrate")
    path = empty_folder / "var/alicerce.db"
    long_ago = "2020-01-01T00:00:00.000000Z"
    session = ("1" * 32, "2" * 32, long_ago, long_ago)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO user_session (id, user_id, started_at, expires_at) VALUES (?, ?, ?, ?)",
            session,
        )

    def forgotten() -> bool:
        with closing(sqlite3.connect(path)) as connection:
            return not connection.execute("SELECT id FROM user_session").fetchall()

    assert not forgotten()
    return forgotten


def test_the_command_keeps_house_and_ends_well(run: Run, forgotten: Callable[[], bool]) -> None:
    def interrupt() -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not forgotten() and time.monotonic() < deadline:
            time.sleep(0.01)  # it runs in the main thread, where only its database is seen
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    code, output, errors = run("worker")
    assert (code, errors) == (0, "")
    assert "sessions forgotten" in output
    assert forgotten()


def test_the_process_keeps_house_and_ends_well(
    empty_folder: Path, forgotten: Callable[[], bool]
) -> None:
    running = Command(empty_folder, {"DATA_DIR": "var"}).start("worker")
    try:
        running.wait_until(forgotten)
        assert running.stop(signal.SIGTERM) == 0
    finally:
        running.kill()
    assert "Traceback" not in running.output
