"""The defaults of a database or a role do not matter: the service sets what it needs."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from sqlalchemy import func, literal, make_url, select

from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.postgres_address import connect_without_limits
from app.shared.infrastructure.database.revisions import MigrationFailed
from app.shared.infrastructure.database.statement import Statement
from tests.support.databases import run

ESCAPED = Statement(select(literal("a_b").like(r"a\_b", escape="\\").label("answer")))
ISOLATION = Statement(select(func.current_setting("transaction_isolation").label("answer")))
NOW_IN = Statement(select(func.current_setting("timezone").label("answer")))


async def give_default(url: str, name: str, value: str) -> None:
    database = make_url(url).database
    await run(make_url(url), f"ALTER DATABASE \"{database}\" SET {name} = '{value}'")


async def test_a_migration_has_no_time_limit(empty_postgresql_url: str) -> None:
    await give_default(empty_postgresql_url, "statement_timeout", "1ms")
    await asyncio.to_thread(upgrade, empty_postgresql_url)


async def test_the_default_limits_of_a_database_do_not_apply_to_migrations(
    empty_postgresql_url: str,
) -> None:
    names = ["lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"]
    with suppress(asyncpg.UndefinedObjectError):  # PostgreSQL 17 and newer
        await give_default(empty_postgresql_url, "transaction_timeout", "1min")
        names.append("transaction_timeout")
    for name in names:
        await give_default(empty_postgresql_url, name, "1min")
    connection = await connect_without_limits(make_url(empty_postgresql_url), within=10)
    assert [await connection.fetchval(f"SHOW {name}") for name in names] == ["0"] * len(names)
    await connection.close()


@pytest.mark.parametrize(
    ("name", "value", "query", "answer"),
    [
        ("standard_conforming_strings", "off", ESCAPED, True),
        ("default_transaction_isolation", "serializable", ISOLATION, "read committed"),
        ("timezone", "Pacific/Chatham", NOW_IN, "UTC"),
    ],
)
async def test_statements_ignore_the_default_settings_of_a_database(
    empty_postgresql_url: str, name: str, value: str, query: Statement, answer: object
) -> None:
    await give_default(empty_postgresql_url, name, value)
    database = PostgresDatabase(make_url(empty_postgresql_url), pool_size=1, timeout=5)
    try:
        row = await database.fetch_one(query, {})
        assert row is not None
        assert row["answer"] == answer
    finally:
        await database.close()


async def test_a_search_path_without_a_schema_is_named(empty_postgresql_url: str) -> None:
    await give_default(empty_postgresql_url, "search_path", "nowhere")
    with pytest.raises(MigrationFailed, match=r"search_path of \w+ exists; fix: CREATE SCHEMA"):
        await asyncio.to_thread(upgrade, empty_postgresql_url)
