"""An unexpected error is reported to Sentry, if it is set up, without private data."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sentry_sdk
from pydantic import SecretStr
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from app.config.settings import Settings
from app.core.http.service import Service
from app.main import create_app
from app.shared.infrastructure.database.postgres_errors import translated
from tests.support.logs import separate_logging
from tests.support.raw import Answer, send

SECRET = "c4n4ry-password"


class Kept(Transport):
    """Collects what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Service]:
    settings = Settings(
        _env_file=None,
        app_env="test",
        version="1.2.3",
        data_dir=tmp_path,
        sentry_dsn=SecretStr("http://key@127.0.0.1:1/1"),
    )
    with separate_logging():
        app = create_app(settings)
        yield app
        await app.state.container.hasher().close()
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def reports(app: Service) -> list[Any]:
    client = sentry_sdk.get_client()
    client.transport = Kept()
    return client.transport.events


async def sign_in(app: Service) -> Answer:
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    body = f"username=ana@example.com&password={SECRET}".encode()
    return await send(app, "POST", "/api/v1/auth/token", headers=[kind], body=body)


async def test_a_defect_is_reported_without_private_data(
    app: Service, reports: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.state.container.database(), "fetch_one", broken)
    assert (await sign_in(app)).status == 500

    [event] = reports
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert (event["environment"], event["release"]) == ("test", "1.2.3")
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert not any("vars" in frame for frame in frames)
    text = json.dumps(event, default=str)
    assert SECRET not in text
    assert "ana@example.com" not in text


CANARY = "c4n4ry"
PRIVATE = [
    (b"authorization", f"Bearer {CANARY}".encode()),
    (b"cookie", f"session={CANARY}".encode()),
    (b"x-api-key", CANARY.encode()),
    (b"idempotency-key", CANARY.encode()),
    (b"referer", f"https://{CANARY}.example/".encode()),
    (b"x-forwarded-for", CANARY.encode()),
    (b"user-agent", CANARY.encode()),
]


async def test_a_report_contains_nothing_of_the_request(
    app: Service, reports: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        logging.getLogger("some.library").warning("a library that says too little to harm")
        raise ZeroDivisionError

    monkeypatch.setattr(app.state.container.database(), "fetch_one", broken)
    monkeypatch.setattr(app.state.container.database(), "fetch_all", broken)
    form = (b"content-type", b"application/x-www-form-urlencoded")
    body = f"username={CANARY}@example.com&password={CANARY}-{CANARY}".encode()
    await send(app, "POST", "/api/v1/auth/token", headers=[form, *PRIVATE], body=body)
    token = (b"content-type", b"application/json")
    body = f'{{"refresh_token": "{CANARY * 8}"}}'.encode()
    await send(app, "POST", "/api/v1/auth/refresh", headers=[token, *PRIVATE], body=body)
    assert reports
    assert CANARY not in json.dumps(reports, default=str)


async def test_a_report_contains_no_row_that_the_database_quoted(
    app: Service, reports: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = asyncpg.CheckViolationError("new row violates a rule")
    refusal.detail = f"Failing row contains (1, {SECRET})."

    async def broken(*_: object) -> None:
        raise translated(refusal) from refusal

    monkeypatch.setattr(app.state.container.database(), "fetch_one", broken)
    assert (await sign_in(app)).status == 500
    [event] = reports
    kinds = [value["type"] for value in event["exception"]["values"]]
    assert kinds == ["CheckViolationError", "IntegrityViolation"]
    assert SECRET not in json.dumps(event, default=str)


async def test_an_expected_error_is_not_reported(app: Service, reports: list[Any]) -> None:
    assert (await send(app, "GET", "/nothing")).status == 404
    assert (await send(app, "GET", "/api/v1/users/me")).status == 401
    assert reports == []
