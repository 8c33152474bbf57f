"""Another user's task is answered like one that does not exist, byte for byte, on every route."""

from typing import Any

import pytest

from app.core.http.routing import ApiRoute
from app.core.http.service import Service
from app.shared.domain.base_entity import new_id
from tests.modules.task.samples import create_task
from tests.support.people import Person

REQUEST_ID = "the-same-for-both"
BODIES = {"PATCH ": {"title": "Mine now"}, "POST /assign": {"assignee_id": None}}
NAMED = {
    "GET ",
    "PATCH ",
    "DELETE ",
    "POST /start",
    "POST /complete",
    "POST /reopen",
    "POST /cancel",
    "POST /assign",
    "POST /restore",
}


def routes_of(service: Service) -> set[str]:
    """Every route with the id of a task, such as `POST /start`."""
    return {
        f"{method} {route.path.partition('{task_id}')[2]}"
        for route in service.router.routes
        if isinstance(route, ApiRoute) and "{task_id}" in route.path
        for method in route.methods_served
    }


def test_the_routes_are_found(service: Service) -> None:
    assert routes_of(service) >= NAMED


async def ask(person: Person, route: str, task_id: str, if_match: str) -> Any:
    method, _, rest = route.partition(" ")
    body = {"json": BODIES[route]} if route in BODIES else {}
    headers = {"X-Request-ID": REQUEST_ID, "If-Match": if_match}
    return await person.request(method, f"/tasks/{task_id}{rest}", headers=headers, **body)


@pytest.mark.parametrize("if_match", ["*", '"1"', '"7"'])
@pytest.mark.parametrize("state", ["open", "done", "in the bin"])
async def test_another_users_task_is_answered_like_one_that_does_not_exist(
    service: Service, ana: Person, bruno: Person, state: str, if_match: str
) -> None:
    task = await create_task(ana)
    path = f"/tasks/{task['id']}"
    if state == "done":
        await ana.post(f"{path}/complete", version=1)
    if state == "in the bin":
        await ana.delete(path, version=1)

    for route in sorted(routes_of(service)):
        theirs = await ask(bruno, route, task["id"], if_match)
        absent = await ask(bruno, route, str(new_id()), if_match)
        assert theirs.status_code == 404, route
        assert (theirs.content, theirs.headers) == (absent.content, absent.headers), route
        assert theirs.json()["code"] == "task_not_found", route


async def test_after_these_requests_the_task_is_unchanged(
    service: Service, ana: Person, bruno: Person
) -> None:
    task = await create_task(ana)
    for route in sorted(routes_of(service)):
        await ask(bruno, route, task["id"], "*")
    assert (await ana.get(f"/tasks/{task['id']}")).json() == task


@pytest.mark.parametrize("task_id", ["1", "x", "01890a5dac96774bbcceb302099a8057", "%00"])
async def test_an_invalid_id_is_refused_on_every_route(
    service: Service, ana: Person, task_id: str
) -> None:
    for route in sorted(routes_of(service)):
        assert (await ask(ana, route, task_id, "*")).status_code == 422, route
