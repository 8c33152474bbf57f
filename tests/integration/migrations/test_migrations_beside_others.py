"""Migrations while others use the database: one at a time, without blocking others for long."""

import asyncio
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from app.shared.infrastructure.database.migrate import VERSION_TABLE, check, downgrade, upgrade
from tests.support.anybody import schema_of
from tests.support.server import Command

LONG_ENOUGH = 120  # a limit, not a wait: a busy machine starts processes slowly

UPGRADE = """
import sys
from app.shared.infrastructure.database.migrate import upgrade
upgrade(sys.argv[1])
"""
# The two others are our own: the one that asks and the one that blocks.
MIGRATING = """
SELECT count(*) - 2 FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
"""
LOCKS_HERE = """
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE d.datname = current_database() AND
"""
HELD = f"{LOCKS_HERE} locktype = 'advisory' AND granted"
WAITED_FOR = f"{LOCKS_HERE} NOT granted"


async def a_process_that_migrates(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, url)


async def until(server: asyncpg.Connection, question: str, answer: int) -> None:
    while await server.fetchval(question) != answer:
        pass


async def test_one_of_two_concurrent_migrations_does_the_work(
    empty_postgresql_url: str,
) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        observer = await asyncpg.connect(empty_postgresql_url)
        obstacle = await asyncpg.connect(empty_postgresql_url)
        in_the_way = obstacle.transaction()
        await in_the_way.start()
        await obstacle.execute(f"CREATE TABLE {VERSION_TABLE} (version_num text)")

        processes = [await a_process_that_migrates(empty_postgresql_url) for _ in range(2)]
        await until(observer, MIGRATING, 3)  # one's guard and its work, and the other's guard
        assert await observer.fetchval(HELD) == 1
        await in_the_way.rollback()

        assert [await process.wait() for process in processes] == [0, 0]
        await obstacle.close()
        await observer.close()
    await asyncio.to_thread(check, empty_postgresql_url)


async def test_one_of_two_concurrent_migrations_of_a_file_does_the_work(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('two') / 'service_test.db'}"
    async with asyncio.timeout(LONG_ENOUGH):
        processes = [await a_process_that_migrates(url) for _ in range(2)]
        assert [await process.wait() for process in processes] == [0, 0]
    await asyncio.to_thread(check, url)


async def test_a_migration_does_not_block_others_behind_a_long_reader(
    empty_postgresql_url: str,
) -> None:
    await asyncio.to_thread(upgrade, empty_postgresql_url)
    reader = await asyncpg.connect(empty_postgresql_url)
    other = await asyncpg.connect(empty_postgresql_url)
    reading = reader.transaction()
    await reading.start()
    await reader.fetch("SELECT FROM user_session")

    async with asyncio.timeout(LONG_ENOUGH):
        migrating = asyncio.create_task(asyncio.to_thread(downgrade, empty_postgresql_url, "base"))
        await until(other, WAITED_FOR, 1)
        await other.fetch(
            "SELECT FROM user_session"
        )  # waits behind the migration, until that pauses
        assert not migrating.done()
        await reading.rollback()
        await migrating

    await reader.close()
    await other.close()
    assert (await schema_of(empty_postgresql_url)).keys() == {VERSION_TABLE}


async def test_a_signal_ends_a_migration_and_the_next_one_does_all_of_it(
    empty_postgresql_url: str, tmp_path: Path
) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        observer = await asyncpg.connect(empty_postgresql_url)
        in_the_way = observer.transaction()
        await in_the_way.start()
        await observer.execute('CREATE TABLE "user" (id int)')  # which a later revision creates too

        settings = {"DATABASE_URL": empty_postgresql_url, "APP_ENV": "test"}
        migration = Command(tmp_path, settings).start("migrate")
        try:
            other = await asyncpg.connect(empty_postgresql_url)
            await until(other, HELD, 1)
            assert await asyncio.to_thread(migration.stop) == 128 + signal.SIGTERM
            assert "Traceback" not in migration.output
            await until(other, HELD, 0)
        finally:
            migration.kill()
        await in_the_way.rollback()
        await other.close()
        await observer.close()
    await asyncio.to_thread(upgrade, empty_postgresql_url)
    await asyncio.to_thread(check, empty_postgresql_url)
