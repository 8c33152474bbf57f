"""What the guard of a route requires of a caller."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.core.exceptions import CrossOrigin, Forbidden, Unauthenticated
from app.core.http.cookie_authentication import CookieAuthentication
from app.core.http.route_guard import RouteGuard, RoutePolicy
from app.core.security import AUTHENTICATED, OWN_ORIGIN, PUBLIC, Actor, scope
from tests.support.logs import separate_logging
from tests.support.requests import request_at_hand

pytestmark = pytest.mark.usefixtures("request_of_its_own")

ANA = Actor(uuid4(), uuid4(), frozenset())
OURS = b"https://api.example.com"
COOKIE = {b"cookie": b"__Host-session=secret"}


async def know_ana(presented: str, /) -> Actor:
    if presented != "secret":
        raise Unauthenticated
    return ANA


@pytest.fixture
def request_of_its_own() -> Iterator[None]:
    """The guard records the caller for its request."""
    with request_at_hand():
        yield


GUARD = RouteGuard(
    authenticate=know_ana, cookie_authentication=CookieAuthentication(know_ana, frozenset({OURS}))
)


@pytest.mark.parametrize("headers", [COOKIE, {b"authorization": b"bearer  secret"}])
async def test_a_known_caller_can_read(headers: dict[bytes, bytes]) -> None:
    assert await GUARD.authorize("GET", headers, RoutePolicy(AUTHENTICATED)) == ANA


@pytest.mark.parametrize("length", [0, 4097, 16_000])
async def test_a_too_long_token_is_refused_without_a_lookup(length: int) -> None:
    async def not_asked(_presented: str, /) -> Actor:
        raise AssertionError

    headers = {b"authorization": b"Bearer " + b"a" * length}
    with pytest.raises(Unauthenticated):
        await RouteGuard(authenticate=not_asked).authorize(
            "GET", headers, RoutePolicy(AUTHENTICATED)
        )


async def test_a_change_with_a_cookie_requires_our_own_origin() -> None:
    from_us: Any = {**COOKIE, b"origin": OURS}
    assert await GUARD.authorize("POST", from_us, RoutePolicy(AUTHENTICATED)) == ANA
    with pytest.raises(CrossOrigin):
        await GUARD.authorize("POST", COOKIE, RoutePolicy(AUTHENTICATED))


async def test_a_public_route_that_requires_our_origin_ignores_credentials() -> None:
    assert await GUARD.authorize("POST", {b"origin": OURS}, RoutePolicy(OWN_ORIGIN)) is None
    with pytest.raises(CrossOrigin):
        await GUARD.authorize("POST", {}, RoutePolicy(OWN_ORIGIN))


async def test_a_caller_that_is_checked_again_is_accepted_while_it_has_access() -> None:
    assert await GUARD.ask_again("GET", COOKIE, AUTHENTICATED) == ANA
    assert await GUARD.ask_again("GET", {}, PUBLIC) is None
    with pytest.raises(Unauthenticated):
        await GUARD.ask_again("GET", {b"cookie": b"__Host-session=ended"}, AUTHENTICATED)
    with pytest.raises(Forbidden):
        await GUARD.ask_again("GET", COOKIE, scope("note:write"))
    with pytest.raises(CrossOrigin):
        await GUARD.ask_again("POST", COOKIE, AUTHENTICATED)


def test_a_page_of_another_origin_is_refused_and_a_program_without_one_is_not() -> None:
    GUARD.check_page({b"origin": OURS})
    GUARD.check_page({})
    with pytest.raises(CrossOrigin):
        GUARD.check_page({b"origin": b"https://evil.example.com"})


async def test_the_security_log_names_the_user_of_a_cross_origin_request() -> None:
    with separate_logging(), capture_logs() as lines:
        for headers, access in ((COOKIE, AUTHENTICATED), ({}, OWN_ORIGIN)):
            with pytest.raises(CrossOrigin):
                await GUARD.authorize("POST", headers, RoutePolicy(access))
    assert [(line["log_level"], line["event"], line["user_id"]) for line in lines] == [
        ("warning", "cross-origin request refused", str(ANA.user_id)),
        ("warning", "cross-origin request refused", None),
    ]
