"""A task is assigned to a user, who then works on it; only its owner may delete it."""

from typing import Any

import pytest

from app.container import ApplicationContainer
from app.modules.task.domain.events import TaskAssigned
from app.shared.domain.base_entity import new_id
from tests.modules.task.samples import create_task
from tests.support.accounts import an_account, save
from tests.support.people import Person
from tests.support.published import Published


@pytest.fixture
async def task(ana: Person, bruno: Person) -> dict[str, Any]:
    """A task of Ana, assigned to Bruno."""
    created = await create_task(ana)
    assigned = await assign(ana, created, bruno.id)
    found: dict[str, Any] = assigned.json()
    return found


@pytest.fixture
def path(task: dict[str, Any]) -> str:
    return f"/tasks/{task['id']}"


async def assign(person: Person, task: dict[str, Any], assignee_id: str | None) -> Any:
    body = {"assignee_id": assignee_id}
    return await person.post(f"/tasks/{task['id']}/assign", body, version=task["version"])


async def test_a_task_can_be_assigned_to_another_user(ana: Person, bruno: Person) -> None:
    task = await create_task(ana)
    answer = await assign(ana, task, bruno.id)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (answer.json()["assignee_id"], answer.json()["owner_id"]) == (bruno.id, ana.id)


async def test_a_task_can_be_assigned_to_its_owner(ana: Person) -> None:
    task = await create_task(ana)
    assert (await assign(ana, task, ana.id)).json()["assignee_id"] == ana.id
    assert len((await ana.get("/tasks")).json()["items"]) == 1


async def test_a_repeated_assignment_to_the_same_user_changes_nothing_and_sends_no_email(
    ana: Person, bruno: Person, task: dict[str, Any], published: Published
) -> None:
    again = await assign(ana, task, bruno.id)
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')
    assert again.json() == task
    assert await published.of(TaskAssigned) == []


async def test_a_repeated_assignment_with_its_key_gets_the_first_answer(
    ana: Person, bruno: Person, task: dict[str, Any]
) -> None:
    path = f"/tasks/{task['id']}/assign"
    body = {"assignee_id": bruno.id}
    answers = [await ana.post(path, body, version=2, key="a-key-of-mine") for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, task)] * 2


@pytest.mark.parametrize("who", ["unknown", "inactive", "unverified"])
async def test_a_task_cannot_be_assigned_to_an_inactive_or_unknown_user(
    ana: Person, container: ApplicationContainer, who: str
) -> None:
    carla = an_account("carla", is_verified=who != "unverified")
    if who == "inactive":
        carla.deactivate(now=carla.updated_at)
    if who != "unknown":
        await save(container, carla)
    task = await create_task(ana)

    answer = await assign(ana, task, str(carla.id))

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/assignee_id", "unknown_user")
    assert (await ana.get(f"/tasks/{task['id']}")).json() == task


@pytest.mark.parametrize("body", [{}, {"assignee_id": "ana"}, {"assignee_id": 1}, {"who": None}])
async def test_an_assignment_has_a_user_or_null(ana: Person, body: Any) -> None:
    task = await create_task(ana)
    answer = await ana.post(f"/tasks/{task['id']}/assign", body, version=1)
    assert answer.status_code == 422


# --- What an assignee may -----------------------------------------------------------------------


async def test_an_assignee_sees_the_task_as_its_owner_does(
    ana: Person, bruno: Person, task: dict[str, Any], path: str
) -> None:
    assert (await bruno.get(path)).json() == (await ana.get(path)).json() == task
    assert (await bruno.get("/tasks")).json()["items"] == [task]


async def test_an_assignee_can_change_the_task(bruno: Person, path: str) -> None:
    assert (await bruno.patch(path, {"description": "On it."}, version=2)).status_code == 200
    version = 3
    for step, status in [
        ("start", "in_progress"),
        ("complete", "done"),
        ("reopen", "open"),
        ("cancel", "cancelled"),
    ]:
        answer = await bruno.post(f"{path}/{step}", version=version)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        version += 1


async def test_an_assignee_may_not_delete_the_task(
    ana: Person, bruno: Person, task: dict[str, Any], path: str
) -> None:
    answer = await bruno.delete(path, version=2)
    assert (answer.status_code, answer.json()["code"]) == (403, "only_the_owner")
    assert (await ana.get(path)).json() == task


async def test_an_assignee_can_assign_the_task_to_another_user(
    bruno: Person, carla: Person, task: dict[str, Any], path: str
) -> None:
    assert (await assign(bruno, task, carla.id)).status_code == 200
    assert (await carla.get(path)).status_code == 200


async def test_changes_of_owner_and_assignee_do_not_overwrite_each_other(
    ana: Person, bruno: Person, path: str
) -> None:
    assert (await bruno.patch(path, {"title": "Bruno's"}, version=2)).status_code == 200
    assert (await ana.patch(path, {"title": "Ana's"}, version=2)).status_code == 412


# --- And who no longer is one -------------------------------------------------------------------


@pytest.mark.parametrize("to", ["nobody", "carla"])
async def test_a_former_assignee_cannot_see_the_task(
    ana: Person, bruno: Person, carla: Person, task: dict[str, Any], to: str
) -> None:
    path = f"/tasks/{task['id']}"
    answer = await assign(ana, task, carla.id if to == "carla" else None)
    assert answer.status_code == 200

    for gone in (await bruno.get(path), await bruno.patch(path, {}, version=3)):
        assert (gone.status_code, gone.json()["code"]) == (404, "task_not_found")
    assert (await bruno.get("/tasks")).json()["items"] == []
    assert len((await carla.get("/tasks")).json()["items"]) == (1 if to == "carla" else 0)
    assert (await ana.get(path)).status_code == 200


async def test_an_assignee_who_unassigns_the_task_cannot_see_it(
    bruno: Person, task: dict[str, Any], path: str
) -> None:
    answer = await assign(bruno, task, None)
    assert (answer.status_code, answer.json()["assignee_id"]) == (200, None)
    assert (await bruno.get(path)).status_code == 404


async def test_an_assignment_of_an_unknown_task_does_not_reveal_the_assignee(
    ana: Person, bruno: Person
) -> None:
    absent = {"id": str(new_id()), "version": 1}
    answers = [await assign(ana, absent, somebody) for somebody in (bruno.id, str(new_id()))]
    assert {answer.json()["code"] for answer in answers} == {"task_not_found"}
