"""PostgreSQL stops and starts again under load."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from functools import partial

import asyncpg
import pytest

from app.shared.infrastructure.database.migrate import upgrade
from tests.faults.conftest import LEASE_SECONDS, Account, Rounds
from tests.faults.storm import balance, storm
from tests.support.databases import text
from tests.support.postgres import PostgresServer
from tests.support.probe.world import World, open_world, until


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server for these tests: other tests need theirs."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
async def restarted(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """The service on that server."""
    connection = await asyncpg.connect(text(server.url("postgres")))
    await connection.execute("CREATE DATABASE restarted_test")
    await connection.close()
    address = text(server.url("restarted_test"))
    await asyncio.to_thread(upgrade, address)
    folder = tmp_path_factory.mktemp("probe")
    async with open_world(address, folder, event_lease_seconds=LEASE_SECONDS) as (world, _):
        yield world


def has_told(world: World, before: int) -> bool:
    """Return whether something was published since then."""
    return world.folder.read_book().count("durable") > before


async def test_a_server_that_crashes_under_load_costs_nothing_but_time(
    restarted: World, server: PostgresServer, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    restarts = rounds(2, share=10)
    modes = ["fast", "immediate"] * (restarts // 2)
    dice.shuffle(modes)
    async with storm(restarted, dice) as raging:
        await raging.begin("deliver")
        await raging.begin("deliver")
        await raging.begin("deliver", "publish 1 4 0.05")
        for mode in modes:
            await raging.last(1)
            await asyncio.to_thread(server.restart, mode)
            # The processes recover by themselves: none of them is restarted.
            told = restarted.folder.read_book().count("durable")
            await until(partial(has_told, restarted, told))

    ledger = await balance(restarted)
    account("PostgreSQL restarted, fast or immediate", len(modes), ledger)
    assert len(ledger.acknowledged) > 10
