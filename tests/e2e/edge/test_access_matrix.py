"""Every route for everybody: who is let in, who is refused, and for whom there is nothing there."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import pytest

from app.core.routing import ApiRoute
from app.core.service import Service
from app.modules.user.application.usecases.authenticate import Authenticate
from app.shared.domain.base_entity import new_id
from tests.support.accounts import an_account, save
from tests.support.browser import OWN_ORIGIN
from tests.support.dead_letters import HANDLER, leave_failed
from tests.support.people import PASSWORD, Person

NOBODY, DISABLED, OTHER = "nobody", "a disabled account", "somebody else"
ASSIGNEE, OWNER, ADMIN = "the assignee", "the owner", "an administrator"
EVERYBODY: Final = frozenset({NOBODY, DISABLED, OTHER, ASSIGNEE, OWNER, ADMIN})

# What an address may name, and for whom it is there. A route that names anything else fails.
THERE_FOR: Final = {
    "name": EVERYBODY,  # a file of the documentation
    "code": EVERYBODY,  # a problem of the documentation
    "task_id": frozenset({OWNER, ASSIGNEE}),
    "session_id": frozenset({OWNER}),
    "key_id": frozenset({OWNER}),
    "user_id": frozenset({ADMIN}),
    "delivery_id": frozenset({ADMIN}),
    "handler_id": frozenset({ADMIN}),
}
THERE_FOR_NOBODY: Final = {"GET /metrics"}  # whose token this service has none of
OF_ADMINISTRATORS: Final = {"user:admin", "event:admin"}
# An assignee works on a task that stays its owner's; in the bin it is the owner's alone.
TASK: Final = "/api/v1/tasks/{task_id}"
FOR_THE_OWNER: Final = {f"DELETE {TASK}": "forbidden", f"POST {TASK}/restore": "absent"}

SINCE: Final = {"since": "2026-01-01T00:00:00Z"}
BODIES: Final[dict[str, Any]] = {
    f"PATCH {TASK}": {"title": "Mine now"},
    f"POST {TASK}/assign": {"assignee_id": None},
    "PUT /api/v1/users/{user_id}/roles": {"roles": ["user"]},
    "POST /api/v1/admin/events/{delivery_id}/discard": {"reason": "wrong"},
    "POST /api/v1/admin/events/handlers/{handler_id}/discard": {"reason": "wrong"},
    "POST /api/v1/admin/events/handlers/{handler_id}/replay": SINCE,
    "POST /api/v1/admin/events/handlers/{handler_id}/backfill": SINCE,
}
FIRST: Final = {f"POST {TASK}/reopen": "complete", f"POST {TASK}/restore": "delete"}


def title(route: ApiRoute) -> str:
    """Such as `POST /api/v1/tasks/{task_id}/start`."""
    (method,) = route.taken
    return f"{method} {route.path}"


def named(route: ApiRoute) -> str | None:
    """What the route's address names, such as `task_id`."""
    found = re.findall(r"{(\w+)}", route.path)
    assert len(found) <= 1, route.path
    return found[0] if found else None


def expected(route: ApiRoute, who: str) -> str:
    """The rule: what the route's policy, and what it names, mean for somebody."""
    if route.access.is_public:
        return "absent" if title(route) in THERE_FOR_NOBODY else "let in"
    if who in {NOBODY, DISABLED}:
        return "unauthenticated"
    if route.access.name in OF_ADMINISTRATORS and who != ADMIN:
        return "forbidden"
    name = named(route)
    if name is not None and who not in THERE_FOR[name]:
        return "absent"
    if who == ASSIGNEE and title(route) in FOR_THE_OWNER:
        return FOR_THE_OWNER[title(route)]
    return "done" if name is not None else "let in"


@dataclass
class World:
    """Those who call, and what they call about: made anew when a request was let at it."""

    service: Service
    client: httpx2.AsyncClient
    people: dict[str, Person]
    untouched: dict[Any, str] = field(default_factory=dict)

    async def outcome(self, route: ApiRoute, who: str) -> str:
        kind = (named(route), FIRST.get(title(route)), who == ADMIN)
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
        """The id of what the route is about, in the state that the route is for."""
        owner, container = self.people[OWNER], self.service.state.container
        match named(route):
            case "task_id":
                task = await owner.create_task()
                path = f"/tasks/{task['id']}"
                body = {"assignee_id": self.people[ASSIGNEE].id}
                assert (await owner.post(f"{path}/assign", body, version="*")).is_success
                await self._bring_to(path, FIRST.get(title(route)))
                return str(task["id"])
            case "session_id":
                known = {each["id"] for each in await self._sessions()}
                await Person.sign_in(self.client, "ana@example.com")
                return str(({each["id"] for each in await self._sessions()} - known).pop())
            case "key_id":
                draft = {
                    "name": "Nightly report",
                    "scopes": ["task:read"],
                    "current_password": PASSWORD,
                }
                return str((await owner.post("/auth/keys", draft)).json()["id"])
            case "user_id" if who == ADMIN:  # who may close it: none that is still needed
                return str((await save(container, an_account(f"u{new_id().hex}"))).id)
            case "delivery_id":
                return str((await leave_failed(container.database()))[0])
            case fixed:
                there = {"user_id": owner.id, "handler_id": HANDLER, "name": "start.js"}
                return there.get(fixed or "", "not_found")

    async def _ask(self, route: ApiRoute, who: str, thing: str) -> httpx2.Response:
        (method,) = route.taken
        headers = {"X-Request-ID": "the-same-for-all", "If-Match": "*", "Origin": OWN_ORIGIN}
        if person := self.people.get(who):
            headers["Authorization"] = f"Bearer {person.access_token}"
        body = {"json": BODIES[title(route)]} if title(route) in BODIES else {}
        path = re.sub(r"{\w+}", thing, route.path)
        return await self.client.request(method, path, headers=headers, **body)

    async def _sessions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.people[OWNER].get("/auth/sessions")).json()[
            "items"
        ]
        return found

    async def _bring_to(self, path: str, how: str | None) -> None:
        owner = self.people[OWNER]
        if how == "complete":
            assert (await owner.post(f"{path}/complete", version="*")).is_success
        if how == "delete":
            assert (await owner.delete(path, version="*")).is_success


@pytest.fixture
def routes(service: Service) -> list[ApiRoute]:
    found = [route for route in service.router.routes if isinstance(route, ApiRoute)]
    # Whoever has signed out proves nothing any more.
    return sorted(found, key=lambda route: "logout" in route.path)


@pytest.fixture
async def world(
    service: Service,
    client: httpx2.AsyncClient,
    sign_up: Callable[[str], Awaitable[Person]],
    admin: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    monkeypatch.setattr(Authenticate, "REMEMBERED_SECONDS", 0.0)  # as it is a second later
    people = {ADMIN: admin}
    names = {OWNER: "ana", OTHER: "bruno", ASSIGNEE: "carla", DISABLED: "diego"}
    for who, name in names.items():
        people[who] = await sign_up(name)
    closed = await admin.post(f"/users/{people[DISABLED].id}/deactivate", version="*")
    assert closed.is_success
    return World(service, client, people)


def test_the_matrix_knows_whatever_an_address_names(routes: list[ApiRoute]) -> None:
    assert {named(route) for route in routes} - {None} == THERE_FOR.keys()
    assert {route.access.permission for route in routes if route.access.permission} == {
        "task:read",
        "task:write",
        *OF_ADMINISTRATORS,
    }
    assert {*BODIES, *FIRST, *FOR_THE_OWNER, *THERE_FOR_NOBODY} <= {
        title(route) for route in routes
    }


async def test_every_route_lets_in_whom_it_is_for_and_nobody_else(
    routes: list[ApiRoute], world: World
) -> None:
    seen: Counter[str] = Counter()
    wrong = []
    for route in routes:
        for who in sorted(EVERYBODY):
            outcome = await world.outcome(route, who)
            seen[outcome] += 1
            if outcome != expected(route, who):
                wrong.append(f"{title(route)} for {who}: {outcome}, not {expected(route, who)}")
    assert wrong == [], "\n".join(wrong)
    # Where nobody is let in, or nothing is hidden, the rule above would have shown nothing.
    assert min(seen[each] for each in ("let in", "done", "absent", "forbidden")) > 25
