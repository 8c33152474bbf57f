"""People who are signed in already, and the service's own storage."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from app.container import ApplicationContainer
from app.core.service import Service
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.domain.sessions import RefreshToken, Session
from app.shared.infrastructure.database.connection import Database
from tests.e2e.task.accounts import an_account, save
from tests.support.people import Person
from tests.support.statements import Statements, recorded

SignUp = Callable[[str], Awaitable[Person]]


@pytest.fixture
def container(service: Service) -> ApplicationContainer:
    found: ApplicationContainer = service.state.container
    return found


@pytest.fixture
def database(container: ApplicationContainer) -> Database:
    """The service's own, to see what it stored."""
    found: Database = container.database()
    return found


@pytest.fixture
async def statements(
    database: Database, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Statements]:
    """What the service says to the database for the requests that come."""
    # However slow the machine: a session that was looked up stays known for the test.
    monkeypatch.setattr(Authenticate, "REMEMBERED_SECONDS", 60)
    async with recorded(database) as statements:
        yield statements


@pytest.fixture
def sign_up(client: httpx2.AsyncClient, container: ApplicationContainer) -> SignUp:
    """As its namesake for all e2e tests, without the cost of a password."""

    async def sign_up(name: str) -> Person:
        user = await save(container, an_account(name))
        now = dt.datetime.now(dt.UTC)
        session = Session.start(user.id, limits=container.user.session_limits(), now=now)
        refresh = RefreshToken.make()
        async with container.user.uow() as uow:
            version = user.password_version
            assert await uow.sessions.start(session, refresh, password_version=version)
            await uow.commit()
        access = container.tokens().issue(user_id=user.id, session_id=session.id)
        return Person(client, access, refresh.secret, str(user.id))

    return sign_up


@pytest.fixture
async def carla(sign_up: SignUp) -> Person:
    return await sign_up("carla")
