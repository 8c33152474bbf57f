"""A project's own branch: it does not exist yet, begins, and continues."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import Boolean, Column, Index, Integer, Table

from app.shared.infrastructure.database.column_types import ExactDecimal
from app.shared.infrastructure.database.migrate import VERSION_TABLE, upgrade
from app.shared.infrastructure.database.migration_rules import problems
from app.shared.infrastructure.database.models import Json, Timestamp, metadata
from app.shared.infrastructure.database.new_migration import write_migration
from app.shared.infrastructure.database.revisions import MigrationFailed, heads
from tests.integration.migrations.conftest import Folders
from tests.integration.migrations.test_readiness import why_not
from tests.support.anybody import schema_of


@pytest.fixture
def thing() -> Iterator[Table]:
    """A model of the project whose types and conditions differ between the databases."""
    thing = Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("price", ExactDecimal(2), nullable=False),
        Column("details", Json, nullable=False),
        Column("made_at", Timestamp, nullable=False),
        Column("seen_at", Timestamp),
        Column("is_sold", Boolean, nullable=False),
    )
    is_new = thing.c.is_sold & thing.c.made_at.is_distinct_from(thing.c.seen_at)
    Index("ix_thing_new", thing.c.made_at, postgresql_where=is_new, sqlite_where=is_new)
    yield thing
    metadata.remove(thing)


async def test_a_service_without_migrations_of_its_own_is_ready_with_those_of_the_base(
    folders: Folders, empty_url: str
) -> None:
    folders.without_app()
    assert problems() == []
    assert heads() == {"base": folders.base_head}
    await asyncio.to_thread(upgrade, empty_url)
    assert await why_not(empty_url) is None
    made = await schema_of(empty_url)
    assert {"user", "event_log"} < made.keys()
    assert "thing" not in made


async def test_the_first_migration_of_a_project_is_written_from_its_models(
    folders: Folders, thing: Table, empty_url: str
) -> None:
    folders.without_app()
    written = await asyncio.to_thread(write_migration, "things for sale", "app")
    assert written == folders.app / "app_0001_things_for_sale.py"
    text = written.read_text()
    assert f"depends_on = '{folders.base_head}'" in text
    assert "ExactDecimal(2, digits=18), nullable=False" in text
    assert "sa.Column('details', Json, nullable=False)" in text
    assert problems() == []
    await asyncio.to_thread(upgrade, empty_url)
    assert {thing.name} | metadata.tables.keys() >= (await schema_of(empty_url)).keys() - OURS
    assert "ix_thing_new" in str((await schema_of(empty_url))["thing"])


OURS = {VERSION_TABLE}


async def test_a_later_migration_contains_only_changes_of_its_branch(
    folders: Folders, thing: Table
) -> None:
    (file,) = folders.base.glob("*_accounts.py")
    file.write_text(file.read_text().replace('"ix_user_admins"', '"ix_user_of_before"'))
    written = await asyncio.to_thread(write_migration, "prices", "app")
    assert written.name == "app_0002_prices.py"
    text = written.read_text()
    assert "down_revision = 'app_0001'" in text
    assert f"batch_alter_table('{thing.name}'" in text
    assert "user" not in text


async def test_a_new_table_is_written_as_by_hand(folders: Folders, thing: Table) -> None:
    folders.without_app()
    written = await asyncio.to_thread(write_migration, "things for sale", "app")
    text = written.read_text()
    assert text.startswith('"""Things for sale.\n\nRevision: app_0001, after ')
    assert f"op.create_index('ix_thing_new', '{thing.name}', " in text
    assert "# ###" not in text
    assert "batch_" not in text
    assert "drop_index" not in text


async def test_a_migration_without_a_number_does_not_count(folders: Folders, thing: Table) -> None:
    folders.write("app_photos", after="app_0001")
    written = await asyncio.to_thread(write_migration, "prices", "app")
    assert written.name == "app_0002_prices.py"
    assert "down_revision = 'app_photos'" in written.read_text()


async def test_nothing_is_written_if_migrations_and_models_agree(
    folders: Folders,
) -> None:
    before = sorted(folders.base.glob("*.py"))
    with pytest.raises(MigrationFailed, match="already contain everything"):
        await asyncio.to_thread(write_migration, "nothing", "base")
    assert sorted(folders.base.glob("*.py")) == before
