"""A migration that needs a table which a long reader holds, while clients use it."""

import asyncio
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from app.shared.infrastructure.database.revisions import BASE, FOLDERS, heads
from bench.overload.load import offer, steady
from bench.overload.mixes import mixes
from tests.faults.conftest import ASKED_ROUNDS
from tests.faults.test_overload import SETTINGS
from tests.support.ports import free_port
from tests.support.server import ROOT
from tests.support.sockets import start

READER_SECONDS: Final = 30 if ASKED_ROUNDS else 3
A_SECOND: Final = 100
LONGEST_STALL: Final = 2.5
MIGRATE: Final = """
import sys
from pathlib import Path
from app.shared.infrastructure.database import revisions
revisions.FOLDERS[revisions.BASE] = Path(sys.argv[2])
from app.shared.infrastructure.database.migrate import upgrade
upgrade(sys.argv[1])
"""
MIGRATION: Final = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {before!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("added_under_load", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("user", "added_under_load")
"""


@pytest.fixture
def address(another_database: Callable[[str, str], str]) -> str:
    return another_database("postgresql", "migrated_under_load")


@pytest.fixture
def port(address: str, tmp_path: Path) -> Iterator[int]:
    port = free_port()
    service = "bench.overload.service"
    settings = SETTINGS | {"DATABASE_POOL_SIZE": "10"}
    running = start(tmp_path, port, module=service, DATABASE_URL=address, **settings)
    yield port
    running.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The base's migrations, and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(FOLDERS[BASE], folder)
    before = heads()[BASE]
    revision = f"{BASE}_{int(before.rpartition('_')[2]) + 1:04}"
    later = MIGRATION.format(revision=revision, before=before)
    (folder / f"{revision}_added_under_load.py").write_text(later)
    return folder


async def test_a_migration_that_waits_for_a_reader_holds_nobody_up_for_long(
    address: str, port: int, folder: Path
) -> None:
    reads, *_ = await mixes(port, people=4)
    reader = await asyncpg.connect(address)
    transaction = reader.transaction()
    await transaction.start()
    await reader.fetch('SELECT count(*) FROM "user"')
    load = asyncio.create_task(
        offer(port, reads.requests, steady(A_SECOND, READER_SECONDS + 2)),
    )
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    migration = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MIGRATE, address, str(folder), env=environment
    )
    await asyncio.sleep(READER_SECONDS)
    assert migration.returncode is None
    await transaction.rollback()
    async with asyncio.timeout(30):
        assert await migration.wait() == 0
    outcome = await load
    await reader.fetch('SELECT added_under_load FROM "user"')
    await reader.close()
    assert Counter(each.status for each in outcome.sent).keys() == {200}
    assert max(each.seconds for each in outcome.sent) <= LONGEST_STALL
