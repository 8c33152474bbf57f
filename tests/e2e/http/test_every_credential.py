"""Every credential, presented to every route in every place that accepts one."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from app.core.http.routing import ApiRoute
from app.core.http.service import Service
from app.modules.user.application.one_time_tokens import issue
from app.modules.user.domain.keys import KeySecret
from app.modules.user.domain.one_time_tokens import TokenKind, TokenLifetimes
from app.modules.user.domain.sessions import RefreshToken, SessionCookie
from app.shared.application.base_usecase import SystemClock
from app.shared.domain.value_objects import EmailAddress
from tests.support.browser import COOKIE, OWN_ORIGIN, Browser
from tests.support.people import PASSWORD, Person
from tests.support.raw import Answer, send

SOME_ID: Final = "0190f5a0-0000-7000-8000-000000000001"

# The place where each kind is valid, and for what. A new kind is a line here and one in `kinds`.
GOOD_AS: Final = {
    "an access token": "bearer",
    "an API key": "bearer",
    "a cookie": "cookie",
    "a refresh token": "refresh token",
    "the token of a link": "link",
    "a spent refresh token": None,
    "an unknown refresh token": None,
    "an unknown API key": None,
    "an unknown cookie": None,
    "the fingerprint of a key": None,
    "the id of a session": None,
    "random text of 43 letters": None,
    "random text of 64 digits": None,
}
NEW: Final = "another horse battery"
PLACES: Final = ("bearer", "cookie", "refresh token", "link")
# Places in a body, and the routes that read them; the first accepts the credential of `kinds`.
IN_BODIES: Final = {
    "refresh token": ["/api/v1/auth/refresh"],
    "link": [
        "/api/v1/auth/password/reset",
        "/api/v1/auth/verify-email",
        "/api/v1/auth/email/confirm",
    ],
}


@dataclass(frozen=True)
class Presented:
    """One credential, in one place of a request to one route."""

    kind: str
    place: str
    route: ApiRoute
    answer: Answer

    @property
    def was_taken(self) -> bool:
        """Whether the caller was identified, whatever the answer was."""
        if self.place in IN_BODIES:
            return self.answer.status < 400
        return self.answer.status < 400 or self.answer.json()["code"] != "unauthenticated"

    @property
    def may_be_taken(self) -> bool:
        if self.place in IN_BODIES:
            return GOOD_AS[self.kind] == self.place
        return GOOD_AS[self.kind] == self.place or self.route.access.is_public

    def __str__(self) -> str:
        method = "/".join(self.route.methods_served)
        told = f"{self.answer.status} {self.answer.body[:80]!r}"
        return f"{self.kind} as {self.place}: {method} {self.route.path}: {told}"


async def link_of(service: Service, email: str) -> str:
    """The token of a link that resets the password."""
    container, hour = service.state.container, dt.timedelta(hours=1)
    async with container.user.uow() as uow:
        user = await uow.users.get_by_email(EmailAddress(email))
        lifetimes = TokenLifetimes(verify=hour, reset=hour)
        now = SystemClock().now()
        token = await issue(uow, user, TokenKind.RESET, lifetimes=lifetimes, now=now)
        await uow.commit()
    secret: str = token.secret
    return secret


@pytest.fixture
async def kinds(service: Service, ana: Person) -> dict[str, str]:
    """One credential of each kind, all of the same user."""
    draft = {
        "name": "Nightly report",
        "scopes": ["note:read", "note:write"],
        "current_password": PASSWORD,
    }
    key = (await ana.post("/auth/keys", draft)).json()["key"]
    cookie = (await Browser.sign_in(ana.client, "ana@example.com")).cookie
    [session, *_] = (await ana.get("/auth/sessions")).json()["items"]
    spent = await Person.sign_in(ana.client, "ana@example.com")
    body = {"refresh_token": spent.refresh_token}
    assert (await ana.client.post("/api/v1/auth/refresh", json=body)).is_success
    return {
        "an access token": ana.access_token,
        "an API key": key,
        "a cookie": cookie,
        "a refresh token": ana.refresh_token,
        "the token of a link": await link_of(service, "ana@example.com"),
        "a spent refresh token": spent.refresh_token,
        "an unknown refresh token": RefreshToken.make().secret,
        "an unknown API key": KeySecret.make().text,
        "an unknown cookie": f"{'0' * 32}.{SessionCookie.make_secret()}",
        "the fingerprint of a key": KeySecret(key).fingerprint,
        "the id of a session": session["id"],
        "random text of 43 letters": SessionCookie.make_secret(),
        "random text of 64 digits": "0123456789abcdef" * 4,
    }


@pytest.fixture
def routes(service: Service) -> list[ApiRoute]:
    # Routes that end something of Ana's come last: later requests would prove nothing.
    found = [route for route in service.router.routes if isinstance(route, ApiRoute)]
    return sorted(found, key=lambda route: "/auth/" in route.path)


def address(route: ApiRoute) -> str:
    handler = "user.email_key_made"
    path = route.path.replace("{delivery_id}", "1").replace("{handler_id}", handler)
    return re.sub(r"{\w+}", SOME_ID, path)


async def present(service: Service, route: ApiRoute, place: str, text: str) -> Answer:
    headers = {"origin": OWN_ORIGIN, "if-match": "*", "content-type": "application/json"}
    body: dict[str, Any] = {}
    if place == "bearer":
        headers["authorization"] = f"Bearer {text}"
    elif place == "cookie":
        headers["cookie"] = f"{COOKIE}={text}"
    elif place == "refresh token":
        body = {"refresh_token": text}
    else:
        password = ("new_password", NEW) if "reset" in route.path else ("password", PASSWORD)
        body = dict([("token", text[:200]), password])  # not longer than allowed
    (method,) = route.methods_served
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    return await send(service, method, address(route), headers=sent, body=json.dumps(body).encode())


def placed(routes: list[ApiRoute]) -> Iterator[tuple[str, ApiRoute]]:
    """Every route with every place that it may read."""
    for place in PLACES:
        for route in routes:
            if place not in IN_BODIES or route.path in IN_BODIES[place]:
                yield place, route


async def test_no_credential_is_accepted_in_place_of_another_kind(
    service: Service, routes: list[ApiRoute], kinds: dict[str, str]
) -> None:
    assert kinds.keys() == GOOD_AS.keys()
    presented = [
        Presented(kind, place, route, await present(service, route, place, text))
        for kind, text in kinds.items()
        for place, route in placed(routes)
        # Valid combinations are tested separately: some of these routes end their credential.
        if GOOD_AS[kind] != place
    ]
    assert [str(each) for each in presented if each.answer.status >= 500] == []
    assert [str(each) for each in presented if each.was_taken and not each.may_be_taken] == []
    assert len(presented) > 12 * 2 * 40


async def test_each_kind_of_credential_is_accepted_in_its_place(
    service: Service, routes: list[ApiRoute], kinds: dict[str, str]
) -> None:
    """Without this, a service that refuses everything would pass the test above."""
    reads = [
        route for route in routes if route.methods_served == {"GET"} and not route.access.is_public
    ]
    for kind, place in GOOD_AS.items():
        if place is None:
            continue
        [*takers] = (route for route in routes if route.path in IN_BODIES.get(place, [])[:1])
        for route in takers or reads:
            answer = await present(service, route, place, kinds[kind])
            assert Presented(kind, place, route, answer).was_taken, (kind, route.path, answer)
            assert answer.status < 500


async def test_no_credential_is_accepted_in_the_url(
    service: Service, routes: list[ApiRoute], kinds: dict[str, str]
) -> None:
    closed = [route for route in routes if not route.access.is_public]
    for route in closed:
        (method,) = route.methods_served
        for name in ("access_token", "token", "api_key", "key", "session", COOKIE):
            for kind in ("an access token", "an API key", "a cookie"):
                target = f"{address(route)}?{name}={kinds[kind]}"
                answer = await send(service, method, target)
                assert (answer.status, answer.json()["code"]) == (401, "unauthenticated"), target
