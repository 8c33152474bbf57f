"""The service needs rows, not tables: its role owns nothing, as the guide sets it up."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pytest
from sqlalchemy import URL

from app.config.database import create_database
from app.config.settings import InvalidSettingsError, Settings, load_settings
from app.doctor import examine
from app.main import create_app
from app.shared.infrastructure.database.migrate import (
    NO_RIGHTS,
    VERSION_TABLE,
    Readiness,
    check,
    upgrade,
)
from tests.integration.plans.statements import constants
from tests.support.databases import run, text
from tests.support.logs import separate_logging
from tests.support.people import PASSWORD, Person
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.published import published_from_now_on
from tests.support.scenario import Drain

GUIDE: Final = Path(__file__).parents[3] / "docs/deployment/README.md"
SERVICE: Final = "alicerce"  # the role that the guide gives to the service


def statements_of_the_guide() -> tuple[list[str], list[str]]:
    """The statements for an administrator: before the database exists, and then in it."""
    chapter = GUIDE.read_text("utf-8").partition("### A role that owns no tables")[2]
    [block] = re.findall(r"```sql\n(.*?)```", chapter.partition("\n#")[0], re.DOTALL)
    before, _, within = block.partition(f"\\connect {SERVICE}\n")
    first, second = ([s for s in part.split(";\n") if s.strip()] for part in (before, within))
    return first, second


@pytest.fixture(scope="module")
def administrator() -> Iterator[URL]:
    """A separate server, because roles belong to the whole server."""
    server = PostgresServer()
    yield server.url("postgres")
    server.stop()


@pytest.fixture(scope="module")
def owner(administrator: URL) -> URL:
    """The URL of the role that owns the database of the guide, which was migrated."""
    before, within = statements_of_the_guide()
    for statement in before:
        asyncio.run(run(administrator, statement))
    database = administrator.set(database="alicerce")
    for statement in within:
        asyncio.run(run(database, statement))
    owner = database.set(username="alicerce_owner", password="owner-password")
    upgrade(owner)
    return owner


@pytest.fixture(scope="module")
def service_url(owner: URL) -> URL:
    return owner.set(username=SERVICE, password="service-password")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    with separate_logging():
        yield


@pytest.fixture
async def service(service_url: URL) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(text(service_url))
    yield connection
    await connection.close()


@pytest.fixture
def settings(
    owner: URL, service_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", text(service_url))
    monkeypatch.setenv("MIGRATION_DATABASE_URL", text(owner))
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("EVENTS", "worker")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    return load_settings()


def test_the_settings_have_both_roles(settings: Settings, owner: URL, service_url: URL) -> None:
    assert (settings.database, settings.owners_database) == (service_url, owner)
    upgrade(settings.owners_database)
    check(settings.owners_database)


def test_the_services_role_migrates_by_default(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MIGRATION_DATABASE_URL")
    assert load_settings().owners_database == settings.database


@pytest.mark.parametrize("name", ["DATABASE_URL", "MIGRATION_DATABASE_URL"])
def test_sqlite_refuses_a_migration_url(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "sqlite:///any.db")
    with pytest.raises(InvalidSettingsError, match="MIGRATION_DATABASE_URL must be for the same"):
        load_settings()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id integer)",
        "CREATE TEMPORARY TABLE more (id integer)",
        "ALTER TABLE registration ADD COLUMN more integer",
        "DROP TABLE registration",
        "TRUNCATE event_log",
        "CREATE INDEX more ON registration (email)",
        "ALTER ROLE alicerce CREATEDB",
    ],
)
async def test_the_role_can_change_no_table(service: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(statement)


async def test_the_role_can_run_every_statement_of_the_service(service: asyncpg.Connection) -> None:
    refused = {}
    for query, name in constants().items():
        try:  # a plan needs the rights of the statement
            await service.execute(f"EXPLAIN (GENERIC_PLAN) {query.postgres.sql}")
        except asyncpg.InsufficientPrivilegeError as error:
            refused[name] = str(error)
    assert refused == {}


async def test_the_role_can_use_a_table_of_a_later_migration(
    owner: URL, service: asyncpg.Connection
) -> None:
    await run(owner, "CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    await service.execute("INSERT INTO later (name) VALUES ('one')")
    assert await service.fetchval("UPDATE later SET name = 'two' RETURNING id") == 1
    await service.execute("DELETE FROM later")
    await run(owner, "DROP TABLE later")


async def test_the_service_works_with_the_role(settings: Settings) -> None:
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        await published_from_now_on(app.state.container)
        assert (await client.get("/health/ready")).status_code == 200
        account = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana Example"}
        await client.post("/api/v1/auth/register", json=account)
        ana = await Person.sign_in(client, "ana@example.com")
        assert (await ana.patch("/users/me", {"full_name": "Ana"}, version="*")).is_success
        left = await ana.request("DELETE", "/users/me", json={"current_password": PASSWORD})
        assert left.is_success
        await Drain(app.state.container)()


def findings() -> str:
    return "\n".join(str(finding) for finding in examine())


def test_the_doctor_names_tables_without_rights(settings: Settings, owner: URL) -> None:
    assert "trouble" not in findings()
    tables = "registration, user_session"
    asyncio.run(run(owner, f"REVOKE DELETE ON {tables} FROM {SERVICE}"))
    told = findings()
    asyncio.run(run(owner, f"GRANT DELETE ON {tables} TO {SERVICE}"))
    assert f"this role has no access to {tables}" in told
    assert "fix: as the owner of the tables, grant" in told


async def test_without_rights_the_service_is_not_ready_and_says_why(
    settings: Settings, owner: URL
) -> None:
    database = create_database(settings)
    await run(owner, f"REVOKE SELECT ON {VERSION_TABLE} FROM {SERVICE}")  # noqa: S608 - our own
    try:
        assert await Readiness(database).why_not() == NO_RIGHTS
    finally:
        await run(owner, f"GRANT SELECT ON {VERSION_TABLE} TO {SERVICE}")
        await database.close()
