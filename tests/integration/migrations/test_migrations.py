"""Up, down and up again, always in agreement with the models."""

import asyncio
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from app.shared.infrastructure.database.migrate import alembic_config, check, downgrade, upgrade
from app.shared.infrastructure.database.migration_rules import tables
from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.revisions import MigrationFailed, heads, revisions
from tests.support.anybody import connected, run, schema_of

SCRIPTS = ScriptDirectory.from_config(alembic_config("sqlite://"))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


@pytest.fixture
async def current_url(empty_url: str) -> str:
    """An up-to-date database."""
    await asyncio.to_thread(upgrade, empty_url)
    return empty_url


# --- The stairs ---------------------------------------------------------------------------------


def test_each_branch_has_one_newest_revision() -> None:
    assert sorted(SCRIPTS.get_heads()) == sorted(heads().values())


def test_the_service_knows_the_revisions_that_alembic_knows() -> None:
    assert sorted(revisions()) == sorted(REVISIONS)


async def test_each_migration_can_be_reverted_and_repeated(empty_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_url, REVISIONS[0])
    await asyncio.to_thread(downgrade, empty_url, "base")
    for revision in REVISIONS:
        step = revisions()[revision]
        below = await schema_of(empty_url)
        await asyncio.to_thread(upgrade, empty_url, revision)
        above = await schema_of(empty_url)
        assert above != below

        await asyncio.to_thread(downgrade, empty_url, step.follows or f"{step.branch}@base")
        assert await schema_of(empty_url) == below

        await asyncio.to_thread(upgrade, empty_url, revision)
        assert await schema_of(empty_url) == above


async def test_after_all_downgrades_only_the_version_table_is_left(current_url: str) -> None:
    assert {"user_session", "user", "event_log"} < (await schema_of(current_url)).keys()
    await asyncio.to_thread(downgrade, current_url, "base")
    assert (await schema_of(current_url)).keys() == {"alicerce_version"}


async def test_a_second_migration_finds_nothing_to_do(current_url: str) -> None:
    before = await schema_of(current_url)
    await asyncio.to_thread(upgrade, current_url)
    assert await schema_of(current_url) == before


# --- Models and migrations ----------------------------------------------------------------------


async def test_models_and_migrations_agree(current_url: str) -> None:
    await asyncio.to_thread(check, current_url)


async def test_models_and_migrations_make_the_same_tables_keys_and_indexes(
    current_url: str,
) -> None:
    """This includes what Alembic does not compare: the conditions of indexes."""
    tables()
    migrated = await schema_of(current_url)
    await asyncio.to_thread(downgrade, current_url, "base")
    async with connected(current_url) as database:
        await database.run_sync(metadata.create_all)
    made = await schema_of(current_url)
    # SQLite stores a condition as it was written, with or without the table's name.
    assert {name: str(table).replace(f"{name}.", "") for name, table in made.items()} == {
        name: str(table).replace(f"{name}.", "") for name, table in migrated.items()
    }


DRIFTS = [
    "ALTER TABLE registration ADD COLUMN more INTEGER",
    "ALTER TABLE user_session DROP COLUMN client",
    "DROP INDEX ix_registration_email_key_created_at",
    "CREATE INDEX ix_registration_full_name ON registration (full_name)",
    "DROP TABLE refresh_token",
]
DRIFTS_ON_POSTGRESQL = [
    "ALTER TABLE registration ALTER COLUMN full_name TYPE varchar(50)",
    "ALTER TABLE registration ALTER COLUMN created_at TYPE timestamp",
    "ALTER TABLE api_key ALTER COLUMN scopes TYPE json",
    "ALTER TABLE user_session ALTER COLUMN revoked_at SET NOT NULL",
    "ALTER TABLE event_log DROP CONSTRAINT uq_event_log_position",
    "ALTER TABLE refresh_token DROP CONSTRAINT fk_refresh_token_session_id",
]


@pytest.mark.parametrize("drift", DRIFTS)
async def test_a_difference_to_the_models_is_detected(current_url: str, drift: str) -> None:
    await run(current_url, drift)
    with pytest.raises(MigrationFailed, match="New upgrade operations detected"):
        await asyncio.to_thread(check, current_url)


@pytest.mark.parametrize("drift", DRIFTS_ON_POSTGRESQL)
async def test_a_difference_of_types_and_constraints_is_detected(
    empty_postgresql_url: str, drift: str
) -> None:
    await asyncio.to_thread(upgrade, empty_postgresql_url)
    await run(empty_postgresql_url, drift)
    with pytest.raises(MigrationFailed, match="New upgrade operations detected"):
        await asyncio.to_thread(check, empty_postgresql_url)


async def test_an_outdated_database_cannot_be_checked(empty_url: str) -> None:
    with pytest.raises(MigrationFailed, match="not up to date"):
        await asyncio.to_thread(check, empty_url)


# --- Addresses ----------------------------------------------------------------------------------


def test_an_unreachable_server_is_reported_without_its_password() -> None:
    with pytest.raises(MigrationFailed, match="could not be migrated") as failure:
        upgrade("postgresql://nobody:secret@127.0.0.1:1/alicerce_test")
    assert "secret" not in str(failure.value)


async def test_a_missing_folder_of_the_file_is_created(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'folder' / 'alicerce_test.db'}"
    await asyncio.to_thread(upgrade, url)
    await asyncio.to_thread(check, url)


def test_a_file_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match="it can't be opened"):
        upgrade(f"sqlite:///{tmp_path}")  # a folder
