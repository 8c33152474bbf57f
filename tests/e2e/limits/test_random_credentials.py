"""Invented credentials cause no database queries after there were too many of them."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest

from app.config.settings import Settings
from app.core.http.cookie_authentication import COOKIE
from app.core.http.service import Service
from app.core.limits import Limit
from app.main import create_app
from app.modules.user.application import failed_credentials
from app.modules.user.domain.keys import KeySecret
from app.modules.user.domain.sessions import SessionCookie
from tests.support.people import Person
from tests.support.statements import recorded

MOST = 5


@pytest.fixture
async def limited(
    settings: Settings, clean_database: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    few = Limit("few", MOST, per=60)
    monkeypatch.setattr(failed_credentials, "OF_CLIENT", few)
    app = create_app(settings.model_copy(update={"rate_limits": True}))
    async with app.router.lifespan_context(app):
        yield app


def a_cookie() -> dict[str, str]:
    return {"cookie": f"{COOKIE}={SessionCookie(uuid4(), SessionCookie.make_secret()).value}"}


def a_key() -> dict[str, str]:
    return {"authorization": f"Bearer {KeySecret.make().text}"}


@pytest.mark.parametrize("made_up", [a_cookie, a_key])
async def test_random_credentials_over_the_limit_cause_no_database_query(
    limited: Service, made_up: type, ana: Person
) -> None:
    database = limited.state.container.database()
    transport = httpx2.ASGITransport(app=limited)
    async with (
        httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
        recorded(database) as statements,
    ):
        answers = [await client.get("/api/v1/users/me", headers=made_up()) for _ in range(3 * MOST)]
        assert [answer.status_code for answer in answers] == [401] * MOST + [429] * 2 * MOST
        assert len(await statements.without_transactions()) == MOST
        headers = {"authorization": f"Bearer {ana.access_token}"}
        assert (await client.get("/api/v1/users/me", headers=headers)).status_code == 200
