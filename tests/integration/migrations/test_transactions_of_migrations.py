"""Each migration has its own transaction, and keeps unrelated rows."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.revisions import MigrationFailed
from tests.integration.migrations.conftest import Folders
from tests.support.anybody import connected, run, schema_of

LONG_ENOUGH = 60  # a limit, not a wait
FAMILY = """
    op.create_table(
        "parent",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(10)),
    )
    parent = sa.ForeignKey("parent.id", name="fk_child", ondelete="CASCADE")
    op.create_table("child", sa.Column("parent_id", sa.Integer(), parent))
"""
HALF = """
    op.create_table("half", sa.Column("id", sa.Integer()))
    op.execute("SELECT nonsense")
"""
LONGER_NAMES = """
    with op.batch_alter_table("parent") as batch:
        batch.alter_column("name", type_=sa.String(50), nullable=False)
"""
INDEX = "create_index_concurrently('ix_parent_name', 'parent', ['name'])"


def sqlite_of(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'family_test.db'}"


async def with_a_family(folders: Folders, url: str) -> None:
    folders.write("app_0002", after="app_0001", upgrade=FAMILY)
    await asyncio.to_thread(upgrade, url)
    await run(url, "INSERT INTO parent VALUES (1, 'Ana')")
    await run(url, "INSERT INTO child VALUES (1)")


async def count(url: str, table: str) -> int:
    async with connected(url) as database:
        (row,) = await database.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(row[0])


async def test_a_migration_stays_committed_when_a_later_one_fails(
    folders: Folders, empty_url: str
) -> None:
    folders.write("app_0002", after="app_0001", upgrade=FAMILY)
    folders.write("app_0003", after="app_0002", upgrade=HALF)
    with pytest.raises(MigrationFailed):
        await asyncio.to_thread(upgrade, empty_url)
    made = await schema_of(empty_url)
    assert {"parent", "child"} < made.keys()
    assert "half" not in made


# --- Indexes ------------------------------------------------------------------------------------


async def test_an_index_is_created_concurrently_while_others_write(
    folders: Folders, empty_postgresql_url: str
) -> None:
    await with_a_family(folders, empty_postgresql_url)
    folders.write("app_0003", after="app_0002", upgrade=INDEX)
    first, second = [await asyncpg.connect(empty_postgresql_url) for _ in range(2)]
    writing = first.transaction()
    await writing.start()
    await first.execute("INSERT INTO parent VALUES (2, 'Bruno')")
    migrating = asyncio.create_task(asyncio.to_thread(upgrade, empty_postgresql_url))
    async with asyncio.timeout(LONG_ENOUGH):
        while not (begun := await second.fetchval("SELECT to_regclass('ix_parent_name')::oid")):
            assert not migrating.done()
        # It waits for the earlier writer, longer than for any lock of a table, and no present
        # writer waits for it.
        await asyncio.sleep(2.5)
        assert not migrating.done()
        await second.execute("SET lock_timeout = '1s'")
        await second.execute("INSERT INTO parent VALUES (3, 'Carla')")
        await writing.commit()
        await migrating
    valid = "SELECT indexrelid FROM pg_index WHERE indexrelid = $1 AND indisvalid"
    assert await second.fetchval(valid, begun)  # the same one: it was not begun again meanwhile
    await first.close()
    await second.close()


async def test_an_index_that_failed_half_way_is_created_again(
    folders: Folders, empty_postgresql_url: str
) -> None:
    await with_a_family(folders, empty_postgresql_url)
    await run(empty_postgresql_url, "INSERT INTO parent VALUES (2, 'Ana')")
    unique = INDEX.replace("])", "], unique=True)")
    folders.write("app_0003", after="app_0002", upgrade=unique)
    with pytest.raises(MigrationFailed):
        await asyncio.to_thread(upgrade, empty_postgresql_url)
    await run(empty_postgresql_url, "DELETE FROM parent WHERE id = 2")
    await asyncio.to_thread(upgrade, empty_postgresql_url)
    assert "ix_parent_name" in str((await schema_of(empty_postgresql_url))["parent"])


async def test_an_index_of_sqlite_is_created_as_usual(folders: Folders, tmp_path: Path) -> None:
    await with_a_family(folders, sqlite_of(tmp_path))
    folders.write("app_0003", after="app_0002", upgrade=INDEX)
    await asyncio.to_thread(upgrade, sqlite_of(tmp_path))
    assert "ix_parent_name" in str((await schema_of(sqlite_of(tmp_path)))["parent"])


# --- Rows that refer to others, on SQLite -------------------------------------------------------


async def test_a_change_of_a_parent_keeps_its_children(folders: Folders, tmp_path: Path) -> None:
    url = sqlite_of(tmp_path)
    await with_a_family(folders, url)
    folders.write("app_0003", after="app_0002", upgrade=LONGER_NAMES)
    await asyncio.to_thread(upgrade, url)
    assert (await count(url, "parent"), await count(url, "child")) == (1, 1)
    (reference,) = (await schema_of(url))["child"]["get_foreign_keys"]
    assert reference["referred_table"] == "parent"
    assert "CASCADE" in str(reference["options"])


async def test_a_migration_that_leaves_children_without_their_parent_is_refused(
    folders: Folders, tmp_path: Path
) -> None:
    url = sqlite_of(tmp_path)
    await with_a_family(folders, url)
    gone = "op.execute('DELETE FROM parent')"
    folders.write("app_0003", after="app_0002", upgrade=gone)
    with pytest.raises(MigrationFailed) as refused:
        await asyncio.to_thread(upgrade, url)
    assert str(refused.value) == (
        "app_0003 leaves 1 rows that refer to rows which are gone, such as those of child to "
        "parent; nothing of it was kept"
    )
    assert await count(url, "parent") == 1
