"""PostgreSQL is lost under load, and restored to a point in time by the commands of the guide."""

import asyncio
import datetime as dt
import random
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pytest

from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.models import event_log
from tests.faults.conftest import LEASE_SECONDS, Account
from tests.faults.storm import Storm, balance, storm
from tests.support.databases import text
from tests.support.guides import blocks_of, commands_run_by, sections_run_by
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.probe.world import World, open_world, until
from tests.support.server import ROOT, Command

[SECTION] = sections_run_by(__file__)
EVENTS: Final = 30


FULL, INCREMENTAL, RESTORE = commands_run_by(__file__)


@dataclass
class Disaster:
    """A server that is gone, its backups, and what was known outside of it."""

    world: World
    server: PostgresServer
    time: dt.datetime
    segment: str
    """The segment of the log that holds the moment."""
    acknowledged: set[str]
    """A second before the time."""
    meant: set[str]
    """What was meant until that time: nothing else can be there."""

    async def restore(self) -> None:
        """Do what the guide says, in place of a server that may have been restored before."""
        shutil.rmtree(self.server.directory / "data.before", ignore_errors=True)
        await asyncio.to_thread(self.server.run, here(RESTORE, self.server, self.time))
        await asyncio.to_thread(self.server.restart, "fast")

    async def is_writable(self) -> bool:
        connection = await asyncpg.connect(text(self.server.url("drill_test")))
        try:
            return not await connection.fetchval("SELECT pg_is_in_recovery()")
        finally:
            await connection.close()


def here(script: str, server: PostgresServer, time: dt.datetime | None = None) -> str:
    """The commands of the guide, with the folders and the time of this test."""
    script = script.replace("/var/lib/postgresql/18/main", f"{server.directory}/data")
    script = script.replace("/var/backups", f"{server.directory}/backups")
    return "set -e\n" + re.sub(r"(?<=target_time = ')[^']+", str(time), script)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    guide = blocks_of(ROOT / SECTION.page)
    [settings] = [x.text for x in guide if (x.section, x.language) == (SECTION, "ini")]
    named = dict(line.split(" = ", 1) for line in settings.splitlines())
    command = named["archive_command"].strip("'").replace("/var/backups", "../backups")
    archiving = f"mkdir -p ../backups/wal && {command}"
    server = PostgresServer(**named | {"archive_command": archiving})
    yield server
    server.stop()


def told(world: World, word: str) -> set[str]:
    lines = (line.split() for line in world.folder.read_book().splitlines())
    return {mark for what, mark in lines if what == word}


async def more_is_published(world: World) -> None:
    before = len(told(world, "durable"))
    await until(lambda: len(told(world, "durable")) > before + EVENTS)


@pytest.fixture(scope="module")
async def disaster(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory, seed: str
) -> AsyncIterator[Disaster]:
    admin = await asyncpg.connect(text(server.url("postgres")))
    await admin.execute("CREATE DATABASE drill_test")
    address = text(server.url("drill_test"))
    await asyncio.to_thread(upgrade, address)
    folder = tmp_path_factory.mktemp("probe")
    async with open_world(address, folder, event_lease_seconds=LEASE_SECONDS) as (world, _):
        dice = random.Random(seed)  # noqa: S311 - repeatable
        async with storm(world, dice) as raging:
            disaster = await strike(raging, world, server, admin)
        yield disaster


async def strike(
    raging: Storm, world: World, server: PostgresServer, admin: asyncpg.Connection
) -> Disaster:
    await raging.begin("deliver", "publish 1 4 0.05")
    await more_is_published(world)
    for backup in (FULL, INCREMENTAL):
        await asyncio.to_thread(server.run, here(backup, server))
        await more_is_published(world)
    acknowledged = told(world, "durable")
    await asyncio.sleep(1)
    row = await admin.fetchrow(
        "SELECT clock_timestamp() AS now, pg_walfile_name(pg_current_wal_lsn()) AS segment"
    )
    assert row is not None
    meant = told(world, "meant")
    await more_is_published(world)
    # The archive holds whole segments: in an hour it has this one, and the drill does not wait.
    last = await admin.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
    archive = server.directory / "backups/wal"
    await until((archive / last).exists)
    server.kill()
    await admin.close()
    await raging.end()
    return Disaster(world, server, row["now"], row["segment"], acknowledged, meant)


async def test_a_flipped_bit_of_a_backup_is_noticed(disaster: Disaster) -> None:
    file = max((disaster.server.directory / "backups/full/base").rglob("*"), key=size)
    whole = file.read_bytes()
    file.write_bytes(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
    with pytest.raises(AssertionError, match="checksum mismatch"):
        await disaster.restore()
    file.write_bytes(whole)


def size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


async def test_a_missing_segment_of_the_log_is_noticed(disaster: Disaster) -> None:
    segment = disaster.server.directory / "backups/wal" / disaster.segment
    hidden = segment.rename(segment.with_suffix(".hidden"))
    with suppress(AssertionError):  # it may be ready for reads before it ends
        await disaster.restore()
    log = disaster.server.directory / "data/log"
    await until(lambda: "recovery ended before configured" in log.read_text())
    hidden.rename(segment)


async def test_the_service_continues_from_the_point_in_time(
    disaster: Disaster, account: Account, tmp_path: Path
) -> None:
    await disaster.restore()
    await until(disaster.is_writable)

    rows = await disaster.world.fetch(event_log.select().where(event_log.c.module == "probe"))
    restored = {row["payload"]["mark"] for row in rows}
    assert disaster.acknowledged - restored == set()
    assert restored - disaster.meant == set()
    assert max(row["recorded_at"] for row in rows) <= disaster.time

    address = text(disaster.server.url("drill_test"))
    # It has no handlers of probes, so it delivers nothing.
    service = Command(tmp_path, {"DATABASE_URL": address, "EVENTS": "worker"})
    checked = await asyncio.to_thread(service.run, "restore-check")
    assert checked.returncode == 0, checked.stdout
    await serve(service)

    ledger = await balance(disaster.world)
    ledger.acknowledged = disaster.acknowledged
    account("restore to a point in time", 1, ledger)


async def serve(service: Command) -> None:
    """Start the service, and wait until it is ready."""
    port = free_port()
    service.settings["PORT"] = str(port)
    running = service.start("serve")
    try:
        await asyncio.to_thread(running.wait_until, lambda: is_ready(port))
        assert running.stop() == 0
    finally:
        running.kill()


def is_ready(port: int) -> bool:
    try:
        answer = httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=5)
    except httpx2.TransportError:
        return False
    return answer.status_code == 200
