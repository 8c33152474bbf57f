"""The cookie of a session: its name, where it is sent, and which one counts."""

import datetime as dt
from uuid import uuid4

import pytest

from app.core.exceptions import Unauthenticated
from app.core.http.cookie_authentication import (
    BrowserCookie,
    CookieAuthentication,
    presented_cookie,
)
from app.core.security import Actor

ANA = Actor(uuid4(), uuid4(), frozenset())
AT_THE_TOP = pytest.param("", "__Host-session", "/", id="at the top of its host")
BELOW_A_PATH = pytest.param("/shop", "__Secure-session", "/shop", id="below a path")


async def know_ana(presented: str, /) -> Actor:
    if presented != "secret":
        raise Unauthenticated
    return ANA


@pytest.mark.parametrize(("root_path", "name", "path"), [AT_THE_TOP, BELOW_A_PATH])
def test_a_browser_gets_the_cookie_for_the_path_of_the_service(
    root_path: str, name: str, path: str
) -> None:
    cookie = BrowserCookie(dt.timedelta(seconds=60), root_path)
    attributes = f"Path={path}; Secure; HttpOnly; SameSite=Strict"
    assert cookie.holding("secret") == {"Set-Cookie": f"{name}=secret; Max-Age=60; {attributes}"}
    assert cookie.forgotten()["Set-Cookie"] == f"{name}=; Max-Age=0; {attributes}"


@pytest.mark.parametrize(("root_path", "name", "path"), [AT_THE_TOP, BELOW_A_PATH])
async def test_a_caller_is_known_by_the_cookie_of_that_name_alone(
    root_path: str, name: str, path: str
) -> None:
    authentication = CookieAuthentication(know_ana, frozenset(), root_path)
    other = ({"__Host-session", "__Secure-session"} - {name}).pop()
    assert await authentication.actor("GET", {b"cookie": f"{name}=secret".encode()}) == ANA
    assert await authentication.actor("GET", {b"cookie": f"{other}=secret".encode()}) is None
    assert await authentication.actor("GET", {}) is None


def test_two_cookies_of_that_name_count_as_none() -> None:
    twice = {b"cookie": b"__Host-session=secret; __Host-session=other"}
    assert presented_cookie(twice, "") is None
