"""The engine continues after any error of the database: nobody would notice that it ended."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from structlog.typing import EventDict

from app.shared.infrastructure.database.connection import (
    Connection,
    Database,
    DatabaseUnavailable,
    Row,
)
from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.revisions import OLDER
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import engine as engine_module
from app.shared.infrastructure.events.delivery.engine import Engine, EngineEnded
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from tests.support.logs import captured_lines
from tests.support.probe.module import Kept, Sent
from tests.support.probe.shapes import ONE_PLACE
from tests.support.probe.world import World, until


class Troubled:
    """A database that answers with an error while `trouble` is set."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.trouble: Exception | None = None
        self.told = 0

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def fetch_one(self, query: Statement, params: Mapping[str, Any], /) -> Row | None:
        self._tell()
        return await self._database.fetch_one(query, params)

    async def fetch_all(self, query: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        self._tell()
        return await self._database.fetch_all(query, params)

    async def execute(self, query: Statement, params: Mapping[str, Any], /) -> int:
        self._tell()
        return await self._database.execute(query, params)

    async def execute_returning(
        self, query: Statement, params: Mapping[str, Any], /
    ) -> Sequence[Row]:
        self._tell()
        return await self._database.execute_returning(query, params)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        self._tell()
        async with self._database.transaction() as connection:
            yield connection

    def _tell(self) -> None:
        if self.trouble is not None:
            self.told += 1
            raise self.trouble


@pytest.fixture
def database(world: World) -> Troubled:
    return Troubled(world.database)


@pytest.fixture
def engine(world: World, database: Troubled, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with a lease of 0.3 s, and short pauses."""
    monkeypatch.setattr(engine_module, "LONGEST_PAUSE_SECONDS", 0.02)
    registry, notifier = world.container.registry(), Notifier()
    runner = Runner(database, registry, worker_id="test", lease=0.3)
    return Engine(
        database,
        registry,
        runner,
        LocalExecutor(runner, notifier, registry, queues=ONE_PLACE),
        notifier,
    )


@pytest.mark.parametrize("trouble", [DatabaseUnavailable(), ValueError("nobody thought of it")])
async def test_the_engine_delivers_again_after_an_outage(
    world: World, database: Troubled, engine: Engine, trouble: Exception
) -> None:
    async with engine.running():
        database.trouble = trouble
        await world.publish(Kept)
        await until(lambda: database.told > 2)
        assert await world.states() == ["ready"]

        database.trouble = None
        await until(lambda: world.are(["done"]))


def told(lines: list[EventDict]) -> list[tuple[str, str | None]]:
    """Records what the engine logs about its deliveries."""
    return [
        (line["event"], line.get("reason"))
        for line in lines
        if line["event"].startswith("deliveries ")
    ]


async def test_an_outage_is_logged_once_and_so_is_its_end(
    world: World, database: Troubled, engine: Engine
) -> None:
    await world.publish(Kept)
    with captured_lines() as lines:
        async with engine.running():
            await until(lambda: world.are(["done"]))
            for trouble in (DatabaseUnavailable(), ValueError("nobody thought of it")):
                number, database.trouble = len(told(lines)), trouble
                # Its log line comes first, because housekeeping also uses the database.
                await until(lambda: len(told(lines)) > number)  # noqa: B023 - waited for here
                before = database.told
                await until(lambda: database.told > before + 8)  # noqa: B023 - waited for here
            database.trouble = None
            await world.publish(Kept)
            await until(lambda: world.are(["done", "done"]))
    assert told(lines) == [
        ("deliveries wait", "database_unavailable"),
        ("deliveries wait", "unexpected: ValueError"),
        ("deliveries go on", None),
    ]


async def test_an_engine_waits_for_the_tables_without_a_traceback(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "LONGEST_PAUSE_SECONDS", 0.02)
    url = make_url(f"sqlite:///{tmp_path}/empty_test.db")
    database = SqliteDatabase(url, pool_size=2, timeout=5)
    registry, notifier = world.container.registry(), Notifier()
    runner = Runner(database, registry, worker_id="test", lease=60)
    engine = Engine(
        database,
        registry,
        runner,
        LocalExecutor(runner, notifier, registry, queues=ONE_PLACE),
        notifier,
    )
    with captured_lines() as lines:
        async with engine.running():
            await until(lambda: told(lines) != [])
            await asyncio.to_thread(upgrade, url)
            await until(lambda: told(lines)[-1] == ("deliveries go on", None))
    await database.close()
    first, *between, _ = told(lines)
    assert first == ("deliveries wait", "The database is empty; run: python -m app migrate")
    # Each migration has its own transaction, so the engine may see a state between two.
    assert set(between) <= {("deliveries wait", OLDER)}
    assert not any(line.get("exc_info") for line in lines)


async def test_a_lease_survives_a_shorter_outage(
    world: World, database: Troubled, engine: Engine
) -> None:
    await world.publish(Sent, "wait")
    async with engine.running():
        await until(lambda: len(world.folder.starts("probe.send")) == 1)
        database.trouble, told = DatabaseUnavailable(), database.told
        await until(lambda: database.told > told)
        database.trouble = None
        ends = (await world.delivery())["due_at"]
        await until(lambda: world.is_due_after(ends))
        world.folder.open_gate()
        await until(lambda: world.are(["done"]))


class Broken(Notifier):
    """Raises an error inside the engine when the test allows it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waited_for, self.may_break = asyncio.Event(), asyncio.Event()

    async def wait(self, seconds: float) -> None:
        self.is_waited_for.set()
        await self.may_break.wait()
        raise ValueError("nobody thought of it")


async def test_an_engine_that_ends_unexpectedly_reports_it(
    world: World, database: Troubled
) -> None:
    registry, notifier, ends = world.container.registry(), Broken(), []
    runner = Runner(database, registry, worker_id="test", lease=60)
    engine = Engine(
        database,
        registry,
        runner,
        LocalExecutor(runner, notifier, registry, queues=ONE_PLACE),
        notifier,
    )
    async with engine.running(lambda: ends.append(True)):
        await notifier.is_waited_for.wait()
        assert (await engine.why_not(), ends) == (None, [])
        notifier.may_break.set()
        await until(lambda: bool(ends))
        assert await engine.why_not() == str(EngineEnded())
    assert ends == [True]


async def test_a_requested_end_of_the_engine_is_no_failure(
    world: World, database: Troubled
) -> None:
    registry, notifier, ends = world.container.registry(), Broken(), []
    runner = Runner(database, registry, worker_id="test", lease=60)
    engine = Engine(
        database,
        registry,
        runner,
        LocalExecutor(runner, notifier, registry, queues=ONE_PLACE),
        notifier,
    )
    async with engine.running(lambda: ends.append(True)):
        await notifier.is_waited_for.wait()
    assert (await engine.why_not(), ends) == (None, [])
