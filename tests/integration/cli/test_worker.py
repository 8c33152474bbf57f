"""The worker delivers and does housekeeping until it is stopped, also if a schedule fails."""

import asyncio
import datetime as dt
import os
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.config.settings import DATABASE_FILE, load_settings
from app.container import ApplicationContainer
from app.core.schedules import every
from app.modules.user.domain.entities import User
from app.modules.user.domain.sessions import RefreshToken, Session, SessionLimits
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.modules.user.infrastructure.tables import user_session
from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.worker import run_worker
from tests.integration.cli.conftest import Run, Set
from tests.support.probe.world import until
from tests.support.samples import a_full
from tests.support.server import PATIENCE_SECONDS, Command
from tests.support.units import unit

SIGNALS = [signal.SIGTERM, signal.SIGINT]
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)
KEPT = Statement(select(user_session.c.id))
DELIVERIES = Statement(select(event_delivery))


@pytest.fixture
async def container(database_url: str, set_to: Set) -> AsyncIterator[ApplicationContainer]:
    set_to(database_url=database_url)
    container = ApplicationContainer.build(load_settings())
    yield container
    await container.hasher().close()
    for kind in SIGNALS:
        asyncio.get_running_loop().remove_signal_handler(kind)


@pytest.fixture
async def forgettable(database: Database) -> None:
    """A session that ended long ago."""
    user = a_full(User, is_active=True)
    session = Session.start(user.id, limits=SessionLimits(idle=A_DAY, in_all=A_DAY), now=LONG_AGO)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.save(user)
        version = user.password_version
        assert await uow.sessions.start(session, RefreshToken.make(), password_version=version)
        await uow.commit()
    assert len(await database.fetch_all(KEPT, {})) == 1


def add_chore(container: ApplicationContainer, chore: Any) -> None:
    container.registry().subscribe([chore], unit_of_work=container.user.uow)


@asynccontextmanager
async def working(
    container: ApplicationContainer, kind: signal.Signals = signal.SIGTERM
) -> AsyncIterator[None]:
    """A running worker; at the end of the block it is asked to stop, and must."""
    before = asyncio.all_tasks()
    running = asyncio.create_task(run_worker(container))
    yield
    os.kill(os.getpid(), kind)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await running
    if left := asyncio.all_tasks() - before:
        # What the tests' server does for a connection ends a moment after the connection.
        _, left = await asyncio.wait(left, timeout=1)
    assert not left


@pytest.mark.parametrize("kind", SIGNALS)
async def test_a_worker_does_housekeeping_at_once_and_stops_on_request(
    container: ApplicationContainer, database: Database, forgettable: None, kind: signal.Signals
) -> None:
    async def is_tidy() -> bool:
        return not await database.fetch_all(KEPT, {})

    async with working(container, kind):
        await until(is_tidy)


async def test_a_failing_schedule_does_not_stop_the_others(
    container: ApplicationContainer, database: Database, forgettable: None
) -> None:
    @every(dt.timedelta(hours=1), id="test.fails")
    class Fails:
        async def __call__(self, _tick: object, _uow: object) -> None:
            raise ValueError("unforeseen")

    async def the_failed() -> Row:
        [found] = [row for row in await deliveries(database) if row["handler"] == "test.fails"]
        return found

    async def is_over() -> bool:
        errors = {row["handler"]: row["last_error"] for row in await deliveries(database)}
        return bool(errors.get("test.fails")) and not await database.fetch_all(KEPT, {})

    add_chore(container, Fails())
    async with working(container):
        await until(is_over)
    failed = await the_failed()
    assert (failed["state"], failed["last_error"]) == (
        DeliveryState.READY,
        "ValueError: unforeseen",
    )
    assert failed["attempts"] == 1


async def test_an_unfinished_delivery_is_given_back_at_the_stop(
    container: ApplicationContainer, database: Database
) -> None:
    has_begun = asyncio.Event()

    @every(dt.timedelta(hours=1), id="test.lingers")
    class Lingers:
        async def __call__(self, _tick: object, _uow: object) -> None:
            has_begun.set()
            await asyncio.Event().wait()

    add_chore(container, Lingers())
    async with working(container):
        await has_begun.wait()
    [row] = [row for row in await deliveries(database) if row["handler"] == "test.lingers"]
    assert (row["state"], row["attempts"]) == (DeliveryState.READY, 0)


async def deliveries(database: Database) -> list[Row]:
    return list(await database.fetch_all(DELIVERIES, {}))


# --- As it is started ---------------------------------------------------------------------------


@pytest.fixture
def forgotten(run: Run, empty_folder: Path) -> Callable[[], bool]:
    """Return whether the old session was deleted."""
    run("migrate")
    path = empty_folder / "var" / DATABASE_FILE
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


def test_the_command_does_housekeeping_and_exits_with_0(
    run: Run, forgotten: Callable[[], bool]
) -> None:
    def interrupt() -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not forgotten() and time.monotonic() < deadline:
            time.sleep(0.01)  # it runs in the main thread, where only its database is visible
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    code, output, errors = run("worker")
    assert (code, errors) == (0, "")
    assert "Traceback" not in output
    assert forgotten()


def test_the_process_does_housekeeping_and_exits_with_0(
    empty_folder: Path, forgotten: Callable[[], bool]
) -> None:
    running = Command(empty_folder, {"DATA_DIR": "var"}).start("worker")
    try:
        running.wait_until(forgotten)
        assert running.stop(signal.SIGTERM) == 0
    finally:
        running.kill()
    assert "Traceback" not in running.output


def test_the_relay_is_refused_without_celery(run: Run, set_to: Set) -> None:
    set_to(events="worker")
    code, output, errors = run("relay")
    assert (code, output) == (1, "")
    assert errors == "EVENTS is worker, but only EVENTS=celery needs a relay.\n"
