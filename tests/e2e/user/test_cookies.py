"""Browsers: one cookie, and changes only from our own pages."""

import datetime as dt
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from app.container import ApplicationContainer
from app.modules.user.infrastructure.tables import refresh_token, user_session
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import Rows
from tests.support.browser import COOKIE, OWN_ORIGIN, Browser
from tests.support.people import PASSWORD, Person

FORM = {"username": "ana@example.com", "password": PASSWORD}
UNAUTHENTICATED = (401, "unauthenticated")
FOREIGN = [
    None,
    "",
    "null",
    "http://evil.example",
    "https://localhost:8000",
    "http://localhost",
    "http://localhost:8001",
    "http://localhost:8000.evil.example",
    "http://localhost:8000/",
    "http://LOCALHOST:8000",
    "http://localhost:8000, http://evil.example",
]


@pytest.fixture
async def browser(ana: Person) -> Browser:
    return await Browser.sign_in(ana.client, "ana@example.com")


async def test_signing_in_sets_a_cookie_with_all_protective_attributes(
    ana: Person, client: httpx2.AsyncClient, rows: Rows
) -> None:
    answer = await client.post("/api/v1/auth/cookie", data=FORM, headers={"Origin": OWN_ORIGIN})
    assert (answer.status_code, answer.content) == (204, b"")
    pair, *attributes = answer.headers["set-cookie"].split("; ")
    name, _, value = pair.partition("=")
    assert name == "__Host-session"
    assert len(value) == 32 + 1 + 43
    assert attributes == ["Max-Age=7776000", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
    stored = str([dict(row) for row in await rows(select(user_session))])
    assert value.partition(".")[2] not in stored


async def test_a_browser_gets_no_token(browser: Browser, rows: Rows) -> None:
    of_ana = await rows(select(refresh_token))
    assert len(of_ana) == 1  # of her other sign-in
    sessions = await rows(select(user_session).where(user_session.c.cookie_fingerprint.is_(None)))
    assert [row["session_id"] for row in of_ana] == [row["id"] for row in sessions]


async def test_a_wrong_password_is_answered_as_for_tokens(
    ana: Person, client: httpx2.AsyncClient
) -> None:
    wrong = {**FORM, "password": "wrong horse battery"}
    answer = await client.post("/api/v1/auth/cookie", data=wrong, headers={"Origin": OWN_ORIGIN})
    for_tokens = await client.post("/api/v1/auth/token", data=wrong)
    assert problem(answer) == (401, "invalid_credentials")
    assert answer.json()["detail"] == for_tokens.json()["detail"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", [("username", "required"), ("password", "required")]),
        ("username=a@b.co&password=", [("password", "too_short")]),
        ("username=a&username=b&password=c", [("username", "duplicate_parameter")]),
        ("username=a&password=b&remember=1", [("remember", "unknown_parameter")]),
        (f"username={'a' * 255}&password=b", [("username", "too_long")]),
    ],
)
async def test_an_invalid_form_is_refused_with_its_errors(
    client: httpx2.AsyncClient, form: str, expected: list[tuple[str, str]]
) -> None:
    headers = {"Origin": OWN_ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post("/api/v1/auth/cookie", content=form, headers=headers)
    assert complaints(answer) == expected


async def test_a_browser_with_the_cookie_acts_as_its_user(browser: Browser) -> None:
    assert (await browser.get("/users/me")).json()["email"] == "ana@example.com"
    made = await browser.post("/notes", json={"title": "Paint"})
    assert made.status_code == 201
    tag = {"If-Match": made.headers["etag"]}
    path = f"/notes/{made.json()['id']}"
    patched = await browser.request("PATCH", path, json={"title": "Plant"}, headers=tag)
    assert patched.status_code == 200
    assert (await browser.get("/users")).status_code == 403


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_change_from_another_origins_page_is_refused(
    browser: Browser, origin: str | None, security_log: list[Any]
) -> None:
    browser.origin = origin
    for method, path in (
        *(("POST", "/notes"), ("POST", "/auth/logout"), ("DELETE", "/auth/sessions")),
        *(("PATCH", "/users/me"), ("POST", "/auth/keys")),
    ):
        answer = await browser.request(method, path, json={})
        assert problem(answer) == (403, "cross_origin"), (method, path)
    assert {line["event"] for line in security_log} == {"cross-origin request refused"}
    assert browser.cookie not in str(security_log)
    assert (await browser.get("/users/me")).status_code == 200


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_sign_in_from_another_origins_page_is_refused(
    ana: Person, client: httpx2.AsyncClient, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = await client.post("/api/v1/auth/cookie", data=FORM, headers=headers)
    assert problem(answer) == (403, "cross_origin")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_a_content_type_of_plain_html_forms_is_refused(
    browser: Browser, media_type: str
) -> None:
    answer = await browser.post(
        "/notes", content=b'{"title": "Paint"}', headers={"Content-Type": media_type}
    )
    assert problem(answer) == (415, "unsupported_media_type")


async def test_a_bearer_token_needs_no_origin_and_has_priority_over_a_cookie(
    browser: Browser, bruno: Person
) -> None:
    browser.origin = "http://evil.example"
    bearer = {"Authorization": f"Bearer {bruno.access_token}"}
    assert (await browser.get("/users/me", headers=bearer)).json()["id"] == bruno.id
    made = await browser.post("/notes", json={"title": "Paint"}, headers=bearer)
    assert made.json()["owner_id"] == bruno.id
    for wrong in ("", "Bearer x", "Basic YTpi"):
        answer = await browser.get("/users/me", headers={"Authorization": wrong})
        assert problem(answer) == UNAUTHENTICATED


async def test_signing_out_deletes_the_cookie_and_ends_its_session(browser: Browser) -> None:
    answer = await browser.post("/auth/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["set-cookie"] == (
        "__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
    )
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert problem(await browser.get("/users/me")) == UNAUTHENTICATED


async def test_an_invalid_cookie_is_refused_like_a_missing_one(
    browser: Browser, ana: Person
) -> None:
    session, _, secret = browser.cookie.partition(".")
    refusal = said(await ana.client.get("/api/v1/users/me"))
    for value in (
        *("", "x", ".", session, f"{session}.", f".{secret}", f"{browser.cookie}A"),
        *(f"{session}.{'A' * 43}", f"{'0' * 32}.{secret}", browser.cookie.upper()),
        *(ana.access_token, ana.refresh_token, f'"{browser.cookie}"', "A" * 10_000),
    ):
        other = Browser(browser.client, value)
        assert said(await other.get("/users/me")) == refusal, value[:80]
    for header in (
        f"{COOKIE}={browser.cookie}; {COOKIE}={browser.cookie}",
        f"{COOKIE}=x; {COOKIE}={browser.cookie}",
        f"session={browser.cookie}",
        f"x{COOKIE}={browser.cookie}",
        f"__host-session={browser.cookie}",
    ):
        answer = await browser.client.get("/api/v1/users/me", headers={"Cookie": header})
        assert said(answer) == refusal, header
    beside = f"a=b; {COOKIE}={browser.cookie}; c=d"
    answer = await browser.client.get("/api/v1/users/me", headers={"Cookie": beside})
    assert answer.status_code == 200


async def test_a_session_of_tokens_accepts_no_cookie(
    ana: Person, rows: Rows, browser: Browser
) -> None:
    """The id of a session alone gives no access."""
    for row in await rows(select(user_session)):
        for secret in ("", "None", "A" * 43):
            value = f"{row['id'].hex}.{secret}"
            assert problem(await Browser(ana.client, value).get("/users/me")) == UNAUTHENTICATED


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_browser_session_is_extended_by_use_but_not_for_ever(
    browser: Browser, rows: Rows, container: ApplicationContainer
) -> None:
    async def session() -> Any:
        [row] = await rows(
            select(user_session).where(user_session.c.cookie_fingerprint.is_not(None))
        )
        return row

    async def move(**moments: dt.datetime) -> None:
        async with container.database().transaction() as connection:
            await connection.execute(
                Statement(update(user_session), columns=list(moments)), moments
            )
            await connection.commit()

    day, now = dt.timedelta(days=1), dt.datetime.now(dt.UTC)
    fresh = await session()
    await browser.get("/users/me")
    assert await session() == fresh  # not with each request
    await move(last_used_at=now - day, expires_at=now + day)
    await browser.get("/users/me")
    assert (await session())["expires_at"] >= now + 14 * day
    assert (await session())["last_used_at"] >= now
    await move(last_used_at=now - day, started_at=now - 89 * day)
    await browser.get("/users/me")
    assert (await session())["expires_at"] == now + day
    await move(expires_at=now)
    assert problem(await browser.get("/users/me")) == UNAUTHENTICATED
