"""Whether a database can serve this code, checked before the first request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from app.config.database import create_database
from app.config.settings import Settings
from app.shared.infrastructure.database.migrate import VERSION_TABLE, Readiness, downgrade, upgrade
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.revisions import heads, revisions
from app.shared.infrastructure.database.sqlite import SqliteDatabase
from tests.integration.migrations.conftest import Folders
from tests.support.anybody import run


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    settings = Settings(
        _env_file=None,
        app_env="test",
        database_url=SecretStr(url),
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )
    database = create_database(settings)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def why_not(url: str) -> str | None:
    async with opened(url) as database:
        return await Readiness(database).why_not()


async def test_a_database_that_is_up_to_date_is_ready(empty_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_url)
    assert await why_not(empty_url) is None


async def test_a_new_database_is_not_ready(empty_url: str) -> None:
    assert "is empty; run: python -m app migrate" in str(await why_not(empty_url))


async def test_a_database_that_was_migrated_all_the_way_down_is_not_ready(empty_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_url)
    await asyncio.to_thread(downgrade, empty_url, "base")
    assert "is empty; run: python -m app migrate" in str(await why_not(empty_url))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(["app_9999", "head"], id="a later one of app"),
        pytest.param(["app_0001", "base_9999"], id="a later one of base"),
        pytest.param(["app_9999"], id="a later one of app which comes after one of base"),
        pytest.param(["app_9999", "base_9999"], id="later ones of both"),
    ],
)
async def test_a_database_of_a_later_release_is_ready(
    empty_url: str, folders: Folders, rows: list[str]
) -> None:
    await asyncio.to_thread(upgrade, empty_url)
    await put(empty_url, *(folders.base_head if row == "head" else row for row in rows))
    assert await why_not(empty_url) is None
    async with opened(empty_url) as database:
        assert await Readiness(database).is_ahead()


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(["head"], id="nothing of app"),
        pytest.param(["base_0001"], id="some of base"),
        pytest.param(["app_9999", "base_0001"], id="app is ahead and base is behind"),
    ],
)
async def test_a_database_with_an_outdated_branch_is_not_ready(
    empty_url: str, folders: Folders, rows: list[str]
) -> None:
    await asyncio.to_thread(upgrade, empty_url)
    await put(empty_url, *(folders.base_head if row == "head" else row for row in rows))
    assert "is older than this code; run: python -m app migrate" in str(await why_not(empty_url))


async def test_a_revision_of_no_branch_says_how_to_recreate_the_database(empty_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_url)
    await put(empty_url, "0013")
    assert await why_not(empty_url) == (
        "The database is at revision 0013, which is of neither branch, base nor app; "
        "recreate a developer's database: make reset"
    )


async def put(url: str, *rows: str) -> None:
    await run(url, f"DELETE FROM {VERSION_TABLE}")  # noqa: S608 - our own
    for row in rows:
        await run(url, f"INSERT INTO {VERSION_TABLE} VALUES ('{row}')")  # noqa: S608 - our own


@pytest.mark.parametrize("revision", sorted(revisions().keys() - heads().values()))
async def test_an_outdated_database_is_not_ready(empty_url: str, revision: str) -> None:
    await asyncio.to_thread(upgrade, empty_url, revision)
    assert "is older than this code; run: python -m app migrate" in str(await why_not(empty_url))
    await asyncio.to_thread(upgrade, empty_url)
    assert await why_not(empty_url) is None


async def test_a_server_that_cannot_be_reached_is_not_ready(postgresql_url: str) -> None:
    url = make_url(postgresql_url).set(port=1).render_as_string(hide_password=False)
    assert await why_not(url) == ("The database does not answer right now; try again in a moment.")


async def test_a_file_that_cannot_be_opened_is_not_ready(tmp_path: Path) -> None:
    assert await why_not(f"sqlite:///{tmp_path}") == (
        "The database does not answer right now; try again in a moment."
    )


# --- One that answers and does not serve --------------------------------------------------------


async def test_a_server_that_accepts_no_writes_is_not_ready(empty_postgresql_url: str) -> None:
    await asyncio.to_thread(upgrade, empty_postgresql_url)
    name = make_url(empty_postgresql_url).database
    await run(
        empty_postgresql_url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'
    )
    assert "accepts no writes" in str(await why_not(empty_postgresql_url))


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_file_that_was_replaced_is_not_ready(tmp_path: Path, *, is_replaced: bool) -> None:
    file, backup = tmp_path / "used_test.db", tmp_path / "backup_test.db"
    for each in (file, backup):
        await asyncio.to_thread(upgrade, f"sqlite:///{each}")
    async with opened(f"sqlite:///{file}") as database:
        assert await Readiness(database).why_not() is None
        file.unlink()
        if is_replaced:
            backup.rename(file)
        assert "accepts no writes" in str(await Readiness(database).why_not())
