"""With the roles of the guide the owner backs up and restores, and the service keeps its rights."""

from collections.abc import Iterator

import pytest

from tests.integration.cli.backup.conftest import OnServer
from tests.integration.cli.conftest import Run, Set
from tests.integration.database.test_role_without_ownership import (
    SERVICE,
    statements_of_the_guide,
)
from tests.support.databases import text
from tests.support.postgres import PostgresServer, installed_tools

OWNER = f"{SERVICE}_owner"


@pytest.fixture
def administrator() -> Iterator[OnServer]:
    """A separate server, because roles belong to the whole server."""
    server = PostgresServer()
    yield OnServer(server.url(SERVICE))
    server.stop()


def test_the_owner_restores_and_the_service_keeps_its_rights(
    run: Run, set_to: Set, administrator: OnServer
) -> None:
    before, within = statements_of_the_guide()
    for statement in before:
        administrator.sql(statement, "postgres")
    for statement in within:
        administrator.sql(statement)
    url = administrator.url
    set_to(
        database_url=text(url.set(username=SERVICE, password="service-password")),
        migration_database_url=text(url.set(username=OWNER, password="owner-password")),
        postgres_tools=installed_tools(),
    )
    assert run("migrate").code == 0
    assert run("users", "create-admin", "ana@example.com").code == 0
    assert run("backup", "a.backup").code == 0

    refused = run("restore", "a.backup")
    assert refused.code == 1
    assert f'ALTER ROLE "{OWNER}" CREATEDB' in refused.errors
    administrator.sql(f"ALTER ROLE {OWNER} CREATEDB", "postgres")

    grants = "SELECT datacl::text, datlocale FROM pg_database WHERE datname = current_database()"
    as_it_was = administrator.sql(grants)
    restored = run("restore", "a.backup")
    assert (restored.code, restored.errors) == (0, "")
    assert administrator.sql(grants) == as_it_was
    assert len(administrator.beside()) == 1
    assert run("users", "create-admin", "bruno@example.com").code == 0
    assert run("restore-check").code == 0
