"""A browser's cookie belongs to one session: another cookie replaces it, and ends the session."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.modules.user.infrastructure.tables import user_session
from tests.e2e.user.answers import problem
from tests.e2e.user.conftest import Rows
from tests.support.browser import COOKIE, OWN_ORIGIN, Browser
from tests.support.people import PASSWORD, Person

ANA, NEW = "ana@example.com", "another horse battery"
UNAUTHENTICATED = (401, "unauthenticated")


@pytest.fixture
async def browser(ana: Person) -> Browser:
    return await Browser.sign_in(ana.client, ANA)


def value_of(answer: httpx2.Response) -> str:
    return str(answer.headers["set-cookie"]).partition("=")[2].partition(";")[0]


async def sign_in_again(browser: Browser, email: str, cookie: str, **form: str) -> httpx2.Response:
    data = {"username": email, "password": PASSWORD, **form}
    headers = {"Origin": OWN_ORIGIN, "Cookie": cookie}
    answer = await browser.client.post("/api/v1/auth/cookie", data=data, headers=headers)
    browser.client.cookies.clear()
    return answer


@pytest.mark.parametrize("whose", [ANA, "bruno@example.com"])
async def test_a_second_sign_in_of_a_browser_ends_its_first_session(
    browser: Browser, bruno: Person, whose: str
) -> None:
    assert (await browser.get("/users/me")).status_code == 200  # cached for a second from here
    answer = await sign_in_again(browser, whose, f"{COOKIE}={browser.cookie}")
    second = Browser(browser.client, value_of(answer))
    assert (await second.get("/users/me")).json()["email"] == whose
    assert problem(await browser.get("/users/me")) == UNAUTHENTICATED


async def test_a_sign_in_that_fails_ends_no_session(browser: Browser) -> None:
    cookie = f"{COOKIE}={browser.cookie}"
    refused = await sign_in_again(browser, ANA, cookie, password="wrong horse battery")
    assert problem(refused) == (401, "invalid_credentials")
    assert (await browser.get("/users/me")).status_code == 200


async def test_an_invalid_cookie_ends_no_session(browser: Browser, ana: Person, rows: Rows) -> None:
    session, _, secret = browser.cookie.partition(".")
    [of_tokens] = await rows(
        select(user_session.c.id).where(user_session.c.cookie_fingerprint.is_(None))
    )
    for cookie in (
        *("x=1", f"{COOKIE}=", f"{COOKIE}=x", f"{COOKIE}={session}.{'A' * 43}"),
        *(f"{COOKIE}={'0' * 32}.{secret}", f"{COOKIE}={of_tokens['id'].hex}.{secret}"),
        f"{COOKIE}={browser.cookie}; {COOKIE}={browser.cookie}",
    ):
        assert (await sign_in_again(browser, ANA, cookie)).status_code == 204, cookie
        assert (await browser.get("/users/me")).status_code == 200, cookie
    assert (await ana.get("/users/me")).status_code == 200


async def test_a_new_password_renews_the_cookie_and_keeps_its_session(browser: Browser) -> None:
    [before] = [each for each in await sessions_of(browser) if each["is_current"]]
    body = {"current_password": PASSWORD, "new_password": NEW}
    answer = await browser.request("PUT", "/users/me/password", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["set-cookie"].partition("; ")[2] == (
        "Max-Age=7776000; Path=/; Secure; HttpOnly; SameSite=Strict"
    )
    renewed = Browser(browser.client, value_of(answer))
    assert problem(await browser.get("/users/me")) == UNAUTHENTICATED
    [after] = await sessions_of(renewed)
    assert after["id"] == before["id"]


async def test_a_session_of_tokens_gets_no_cookie_with_a_new_password(ana: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW}
    answer = await ana.put("/users/me/password", body)
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers


async def sessions_of(browser: Browser) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await browser.get("/auth/sessions")).json()["items"]
    return items
