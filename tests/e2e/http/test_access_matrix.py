"""Every route for every caller: accepted, refused, or answered as if the object did not exist."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final
from uuid import UUID

import httpx2
import pytest

from app.core.http.routing import ApiRoute
from app.core.http.service import Service
from app.modules.user.application.usecases.authenticate import Authenticate
from app.shared.domain.base_entity import new_id
from tests.support.browser import OWN_ORIGIN
from tests.support.cast import (
    ADMIN,
    COLLEAGUE,
    DISABLED,
    EVERYBODY,
    NOBODY,
    OTHER,
    OWNER,
    PLAIN,
    Cast,
)
from tests.support.dead_letters import HANDLER, leave_failed
from tests.support.jobs import leave_job
from tests.support.manifest import Thing, manifests, things
from tests.support.people import Person


async def _dead_delivery(cast: Cast, _: str) -> str:
    return str((await leave_failed(cast.service.state.container.database()))[0])


async def _job(cast: Cast, _: str) -> str:
    database = cast.service.state.container.database()
    return str(await leave_job(database, UUID(cast.owner.id)))


def _fixed(name: str) -> Callable[[Cast, str], Awaitable[str]]:
    async def make(_: Cast, __: str) -> str:
        return name

    return make


# What a path may name, and who may know of it. A route that names anything else fails.
THINGS: Final = {
    "name": Thing(there_for=EVERYBODY, make=_fixed("start.js")),  # a file of the documentation
    "code": Thing(there_for=EVERYBODY, make=_fixed("not_found")),  # one of its problems
    "delivery_id": Thing(there_for=frozenset({ADMIN}), make=_dead_delivery),
    "handler_id": Thing(there_for=frozenset({ADMIN}), make=_fixed(HANDLER)),
    "job_id": Thing(make=_job),
    **things(),
}
THERE_FOR_NOBODY: Final = {"GET /metrics"}  # this service has no such token

SINCE: Final = {"since": "2026-01-01T00:00:00Z"}
BODIES: Final[dict[str, Any]] = {
    "POST /api/v1/admin/events/{delivery_id}/discard": {"reason": "wrong"},
    "POST /api/v1/admin/events/handlers/{handler_id}/discard": {"reason": "wrong"},
    "POST /api/v1/admin/events/handlers/{handler_id}/replay": SINCE,
    "POST /api/v1/admin/events/handlers/{handler_id}/backfill": SINCE,
    **{route: body for each in manifests().values() for route, body in each.bodies.items()},
}
ROLES: Final = {"user", *(role for each in manifests().values() for role in each.roles)}
NAMES: Final = {OWNER: "ana", OTHER: "bruno", COLLEAGUE: "carla", DISABLED: "diego", PLAIN: "elsa"}
BEFORE: Final = {r: what for each in manifests().values() for r, what in each.before.items()}
OUTCOMES: Final = {r: what for each in manifests().values() for r, what in each.outcomes.items()}


def title(route: ApiRoute) -> str:
    """Such as `POST /api/v1/users/{user_id}/activate`."""
    (method,) = route.methods_served
    return f"{method} {route.path}"


def named(route: ApiRoute) -> str | None:
    """The parameter of the route's path, such as `user_id`."""
    found = re.findall(r"{(\w+)}", route.path)
    assert len(found) <= 1, route.path
    return found[0] if found else None


def roles_of(who: str) -> set[str]:
    """The roles of a signed-in user: an administrator has those that every service has."""
    if who == ADMIN:
        return {"user", "admin"}
    return {"user"} if who == PLAIN else ROLES


def expected(route: ApiRoute, who: str, permissions: Mapping[str, frozenset[str]]) -> str:
    """The rule: what the route's policy and its object mean for a caller."""
    if route.access.is_public:
        return "absent" if title(route) in THERE_FOR_NOBODY else "let in"
    if who in {NOBODY, DISABLED}:
        return "unauthenticated"
    demanded = route.access.permission
    if demanded is not None and not any(demanded in permissions[role] for role in roles_of(who)):
        return "forbidden"
    if outcome := OUTCOMES.get((title(route), who)):
        return outcome
    name = named(route)
    if name is not None and who not in THINGS[name].there_for:
        return "absent"
    return "done" if name is not None else "let in"


@dataclass
class World:
    """The callers and the objects: created again after a request was accepted."""

    cast: Cast
    untouched: dict[Any, str] = field(default_factory=dict)

    async def outcome(self, route: ApiRoute, who: str) -> str:
        kind = (named(route), BEFORE.get(title(route)), who == ADMIN)
        thing = self.untouched.get(kind) or await self._make(route, who)
        answer = await self._ask(route, who, thing)
        self.untouched[kind] = "" if answer.is_success else thing
        if answer.is_success:
            return "done" if named(route) and not route.access.is_public else "let in"
        code = answer.json()["code"]
        if answer.status_code == 404:
            never = await self._ask(route, who, str(new_id()))
            is_equal = (answer.content, answer.headers) == (never.content, never.headers)
            return "absent" if is_equal else "absent, and told from what never was"
        if answer.status_code == 403 or code == "unauthenticated":
            return "forbidden" if answer.status_code == 403 else "unauthenticated"
        if answer.status_code < 500 and named(route) is None:
            return "let in"  # and refused what it sent, which is nothing
        return f"failed: {code}"

    async def _make(self, route: ApiRoute, who: str) -> str:
        """Return the id of the route's object, in the state that the route needs."""
        if (name := named(route)) is None:
            return "not named"
        thing = THINGS[name]
        made = await thing.make(self.cast, who) if thing.make else await self._create(thing)
        if thing.share:
            await thing.share(self.cast, made)
        before = BEFORE.get(title(route), ())
        for each in (before,) if isinstance(before, str) else before:
            method, path = each.format(made).split()
            headers = {"If-Match": "*"}
            assert (await self.cast.owner.request(method, path, headers=headers)).is_success
        return made

    async def _create(self, thing: Thing) -> str:
        assert thing.create is not None
        path, body = thing.create
        return str((await self.cast.owner.post(path, body())).json()["id"])

    async def _ask(self, route: ApiRoute, who: str, thing: str) -> httpx2.Response:
        (method,) = route.methods_served
        headers = {"X-Request-ID": "the-same-for-all", "If-Match": "*", "Origin": OWN_ORIGIN}
        if person := self.cast.people.get(who):
            headers["Authorization"] = f"Bearer {person.access_token}"
        body = {"json": BODIES[title(route)]} if title(route) in BODIES else {}
        path = re.sub(r"{\w+}", thing, route.path)
        return await self.cast.client.request(method, path, headers=headers, **body)


@pytest.fixture
def routes(service: Service) -> list[ApiRoute]:
    found = [route for route in service.router.routes if isinstance(route, ApiRoute)]
    # A caller that has signed out proves nothing any more.
    return sorted(found, key=lambda route: "logout" in route.path)


@pytest.fixture
async def world(
    service: Service,
    client: httpx2.AsyncClient,
    sign_up: Callable[..., Awaitable[Person]],
    admin: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    monkeypatch.setattr(Authenticate, "REMEMBERED_SECONDS", 0.0)  # as it is a second later
    people = {ADMIN: admin}
    for who, name in NAMES.items():
        people[who] = await sign_up(name, *roles_of(who))
    closed = await admin.post(f"/users/{people[DISABLED].id}/deactivate", version="*")
    assert closed.is_success
    return World(Cast(service, client, people))


def test_the_matrix_has_a_value_for_each_path_parameter(routes: list[ApiRoute]) -> None:
    assert {named(route) for route in routes} - {None} == THINGS.keys()
    known = {title(route) for route in routes}
    assert {*BODIES, *BEFORE, *THERE_FOR_NOBODY, *(route for route, _ in OUTCOMES)} <= known


def test_a_user_has_no_permission_of_administrators(service: Service) -> None:
    permissions = service.state.container.user.permissions_of()
    assert permissions["admin"] >= {"user:admin", "event:admin"}
    assert not permissions["user"] & {"user:admin", "event:admin"}


async def test_every_route_accepts_only_its_intended_callers(
    routes: list[ApiRoute], world: World
) -> None:
    seen: Counter[str] = Counter()
    wrong = []
    permissions = world.cast.service.state.container.user.permissions_of()
    for route, who in product(routes, sorted(EVERYBODY)):
        outcome, rule = await world.outcome(route, who), expected(route, who, permissions)
        seen[outcome] += 1
        if outcome != rule:
            wrong.append(f"{title(route)} for {who}: {outcome}, not {rule}")
    assert wrong == [], "\n".join(wrong)
    # If no caller is accepted, or nothing is hidden, the rule above would prove nothing.
    assert min(seen[each] for each in ("let in", "done", "absent", "forbidden")) > 15
