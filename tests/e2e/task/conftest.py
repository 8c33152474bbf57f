"""Signed-in users, and the service's own storage."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app.container import ApplicationContainer
from app.modules.user.application.usecases.authenticate import Authenticate
from app.shared.infrastructure.database.connection import Database
from tests.support.statements import Statements, recorded


@pytest.fixture
def database(container: ApplicationContainer) -> Database:
    """The service's database, to see what it stored."""
    found: Database = container.database()
    return found


@pytest.fixture
async def statements(
    database: Database, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Statements]:
    """The statements that requests cause."""
    # On a slow machine too, a session that was read stays cached for the test.
    monkeypatch.setattr(Authenticate, "REMEMBERED_SECONDS", 60)
    async with recorded(database) as statements:
        yield statements
