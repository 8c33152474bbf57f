"""While the database is away the engine waits; afterwards it continues by itself."""

import sqlite3
from contextlib import closing

import pytest

from app.shared.infrastructure.events.delivery import engine as engine_module
from tests.integration.events.engine.conftest import on_postgresql, on_sqlite
from tests.support.probe.module import Kept
from tests.support.probe.service import probe_settings
from tests.support.probe.world import World, until
from tests.support.proxy import LOOPBACK, proxy_of


class Heard:
    """Records why the engine waits, as its log says."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def warning(self, _event: str, *, reason: str) -> None:
        self.reasons.append(reason)

    def info(self, _event: str) -> None:
        """Ignore it: the deliveries show that the engine continues."""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    monkeypatch.setattr(engine_module, "log", heard)
    return heard


@on_sqlite
async def test_while_another_program_has_locked_the_file(world: World, heard: Heard) -> None:
    await world.publish(Kept)
    file = world.settings.database.database or ""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with world.container.engine().running():
            await until(lambda: "database_unavailable" in heard.reasons)
            other.execute("ROLLBACK")
            await until(lambda: world.are(["done"]))

    assert await world.effects() == [1]


@on_postgresql
async def test_while_the_server_cannot_be_reached(world: World, heard: Heard) -> None:
    await world.publish(Kept)
    url = world.settings.database
    async with proxy_of(url.host or LOOPBACK, url.port or 5432) as proxy:
        through = url.set(host=LOOPBACK, port=proxy.port).render_as_string(hide_password=False)
        path = world.folder.path
        remote = World(probe_settings(through, path, database_timeout_seconds=1), path)
        await remote.database.open()
        async with remote.container.engine().running():
            await until(lambda: world.are(["done"]))
            async with proxy.away():
                await world.publish(Kept)
                await until(lambda: "database_unavailable" in heard.reasons)
            await until(lambda: world.are(["done", "done"]))
        await remote.database.close()

    assert await world.effects() == [1, 1]
