"""Databases of other applications: refused with a sentence, or shared."""

import asyncio

import pytest

from app.doctor import examine
from app.shared.infrastructure.database.migrate import VERSION_TABLE, check, downgrade, upgrade
from app.shared.infrastructure.database.revisions import MigrationFailed
from tests.integration.migrations.conftest import made
from tests.support.anybody import run, schema_of

LIBC = "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        pytest.param(f"ENCODING 'LATIN1' {LIBC}", "keeps text as LATIN1", id="latin-1"),
        pytest.param(f"ENCODING 'KOI8R' {LIBC}", "keeps text as KOI8R", id="koi8-r"),
        pytest.param(f"ENCODING 'SQL_ASCII' {LIBC}", "keeps text as SQL_ASCII", id="ascii"),
        pytest.param(f"ENCODING 'UTF8' {LIBC}", "a search for AÇÃO misses ação", id="locale-c"),
    ],
)
async def test_a_database_that_cannot_store_or_find_every_text_is_refused(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, options: str, seen: str
) -> None:
    async with made(postgresql_url, options) as url:
        with pytest.raises(MigrationFailed, match=seen) as refused:
            await asyncio.to_thread(upgrade, url)
        assert "CREATE DATABASE name TEMPLATE template0 ENCODING 'UTF8'" in str(refused.value)
        assert await schema_of(url) == {}

        monkeypatch.setenv("DATABASE_URL", url)
        found = await asyncio.to_thread(lambda: [str(finding) for finding in examine()])
        assert any("trouble" in told and seen in told for told in found)


async def test_tables_of_another_application_with_our_names_stay_unchanged(
    empty_url: str,
) -> None:
    await run(empty_url, 'CREATE TABLE "user" (name text)')
    before = await schema_of(empty_url)
    with pytest.raises(MigrationFailed, match="tables of another application") as refused:
        await asyncio.to_thread(upgrade, empty_url)
    assert "(user); nothing was changed. Give the service a database of its own" in str(
        refused.value
    )
    assert await schema_of(empty_url) == before


async def test_another_application_with_alembic_may_share_the_database(
    empty_url: str,
) -> None:
    await run(empty_url, "CREATE TABLE alembic_version (version_num text)")
    await run(empty_url, "INSERT INTO alembic_version VALUES ('0001')")
    await run(empty_url, "CREATE TABLE somebody_elses (number text)")
    theirs = await schema_of(empty_url)
    await asyncio.to_thread(upgrade, empty_url)
    await asyncio.to_thread(check, empty_url)
    await asyncio.to_thread(downgrade, empty_url, "base")
    left = await schema_of(empty_url)
    assert {name: left[name] for name in theirs} == theirs
    assert left.keys() - theirs.keys() == {VERSION_TABLE}
