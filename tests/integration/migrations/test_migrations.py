"""Up, down and up again, always in agreement with the models."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Table

from app.shared.infrastructure.database.migrate import (
    VERSION_TABLE,
    alembic_config,
    check,
    downgrade,
    upgrade,
)
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
    assert (await schema_of(current_url)).keys() == {VERSION_TABLE}


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
    ours = {*made} & metadata.tables.keys()  # others are left of modules that were removed
    for name in ours:
        forget_what_no_model_has(migrated[name], made[name], metadata.tables[name])
    # SQLite stores a condition as it was written, with or without the table's name.
    assert {name: str(made[name]).replace(f"{name}.", "") for name in ours} == {
        name: str(migrated[name]).replace(f"{name}.", "") for name in ours
    }


def forget_what_no_model_has(migrated: Any, made: Any, model: Table) -> None:
    """Forget unused columns, and the defaults that a migration gave for earlier releases."""
    unused = {*model.info.get("unused", ())}
    for part in ("get_indexes", "get_unique_constraints"):
        migrated[part] = [
            each for each in migrated[part] if unused.isdisjoint(each["column_names"])
        ]
    columns = [each for each in migrated["get_columns"] if each["name"] not in unused]
    wanted = {each["name"]: each["default"] for each in made["get_columns"]}
    for each in columns:
        if wanted[each["name"]] == "None":
            each["default"] = "None"
    migrated["get_columns"] = sorted(columns, key=repr)


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


async def test_a_column_that_its_model_calls_unused_is_no_difference(
    current_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(current_url, "ALTER TABLE registration ADD COLUMN more INTEGER")
    await run(current_url, "CREATE UNIQUE INDEX ix_registration_more ON registration (more)")
    monkeypatch.setitem(metadata.tables["registration"].info, "unused", ("more",))
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
        upgrade("postgresql://nobody:secret@127.0.0.1:1/service_test")
    assert "secret" not in str(failure.value)


async def test_a_missing_folder_of_the_file_is_created(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'folder' / 'service_test.db'}"
    await asyncio.to_thread(upgrade, url)
    await asyncio.to_thread(check, url)


def test_a_file_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match="it can't be opened"):
        upgrade(f"sqlite:///{tmp_path}")  # a folder
