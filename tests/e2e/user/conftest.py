"""Access to the accounts of the service without its routes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import httpx2
import pytest
import structlog
from sqlalchemy import Executable
from structlog.testing import LogCapture

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.http import cookie_authentication
from app.core.http.service import Service
from app.main import create_app
from app.modules.user.application.usecases import manage_keys, manage_sessions, refresh_session
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.authenticate_key import AuthenticateKey
from app.modules.user.domain.entities import User
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Row
from app.shared.infrastructure.database.statement import Statement
from tests.support.people import PASSWORD

ChangeAccount = Callable[[str, Callable[[User], None]], Awaitable[None]]
Rows = Callable[[Executable], Awaitable[Sequence[Row]]]
Post = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request reads its session or key again, as it would a second later."""
    monkeypatch.setattr(Authenticate, "REMEMBERED_SECONDS", 0.0)
    monkeypatch.setattr(AuthenticateKey, "REMEMBERED_SECONDS", 0.0)


@pytest.fixture
def security_log(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The lines of the security log."""
    capture = LogCapture()
    everything = structlog.make_filtering_bound_logger(0)  # whatever the tests' level is
    log = structlog.wrap_logger(None, processors=[capture], wrapper_class=everything)
    for module in (cookie_authentication, manage_keys, manage_sessions, refresh_session):
        monkeypatch.setattr(module, "log", log)
    return capture.entries


@pytest.fixture
def change_account(container: ApplicationContainer) -> ChangeAccount:
    """Change an account in a way for which there is no route."""

    async def change(email: str, do: Callable[[User], None]) -> None:
        async with container.user.uow() as uow:
            user = await uow.users.get_by_email(EmailAddress(email))
            assert user is not None
            do(user)
            await uow.users.save(user)
            await uow.commit()

    return change


@pytest.fixture
def rows(container: ApplicationContainer) -> Rows:
    """Read the tables."""

    async def rows(statement: Executable) -> Sequence[Row]:
        found: Sequence[Row] = await container.database().fetch_all(Statement(statement), {})
        return found

    return rows


@pytest.fixture
def register(client: httpx2.AsyncClient) -> Post:
    async def register(email: str, password: str = PASSWORD, **fields: Any) -> httpx2.Response:
        account = {"email": email, "password": password, "full_name": "Ana Example", **fields}
        return await client.post("/api/v1/auth/register", json=account)

    return register


@pytest.fixture(scope="session")
async def strict(settings: Settings) -> AsyncIterator[Service]:
    """A service on the same database, where an account is opened when its address is verified."""
    app = create_app(settings.model_copy(update={"app_env": "test"}))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def apply(strict: Service, clean_database: None) -> AsyncIterator[Post]:
    """Register where a link must be used."""
    transport = httpx2.ASGITransport(app=strict)
    async with httpx2.AsyncClient(transport=transport, base_url="http://evil.example") as client:

        async def apply(email: str, password: str = PASSWORD, name: str = "Ana") -> httpx2.Response:
            account = {"email": email, "password": password, "full_name": name}
            return await client.post("/api/v1/auth/register", json=account)

        yield apply


@pytest.fixture
def sign_in(client: httpx2.AsyncClient) -> Post:
    async def sign_in(email: str, password: str = PASSWORD, **fields: Any) -> httpx2.Response:
        form = {"username": email, "password": password, **fields}
        return await client.post("/api/v1/auth/token", data=form)

    return sign_in


@pytest.fixture
def send(client: httpx2.AsyncClient) -> Post:
    """Send JSON to a path below /api/v1/auth, as an anonymous client."""

    async def send(path: str, **body: Any) -> httpx2.Response:
        return await client.post(f"/api/v1/auth{path}", json=body)

    return send


@pytest.fixture
def refresh(client: httpx2.AsyncClient) -> Post:
    async def refresh(token: Any, *, key: str | None = None) -> httpx2.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"refresh_token": token}
        return await client.post("/api/v1/auth/refresh", json=body, headers=headers)

    return refresh
