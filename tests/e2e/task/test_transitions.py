"""The transitions of a task over HTTP: the whole table."""

from typing import Any

import pytest

from tests.modules.task.samples import create_task
from tests.support.people import Person

ROUTES = {
    "open": [],
    "in_progress": ["start"],
    "done": ["complete"],
    "cancelled": ["cancel"],
}
# For each transition and each status: the following status, or the code of the refusal.
TABLE = {
    "start": {
        "open": "in_progress",
        "in_progress": "task_already_started",
        "done": "task_already_completed",
        "cancelled": "task_already_cancelled",
    },
    "complete": {
        "open": "done",
        "in_progress": "done",
        "done": "task_already_completed",
        "cancelled": "task_already_cancelled",
    },
    "cancel": {
        "open": "cancelled",
        "in_progress": "cancelled",
        "done": "task_already_completed",
        "cancelled": "task_already_cancelled",
    },
    "reopen": {
        "open": "task_not_closed",
        "in_progress": "task_not_closed",
        "done": "open",
        "cancelled": "open",
    },
}
CELLS = [(step, before, after) for step, row in TABLE.items() for before, after in row.items()]


async def in_status(person: Person, status: str) -> dict[str, Any]:
    task = await create_task(person)
    for step in ROUTES[status]:
        answer = await person.post(f"/tasks/{task['id']}/{step}", version=task["version"])
        task = answer.json()
    assert task["status"] == status
    return task


@pytest.mark.parametrize(("step", "before", "after"), [c for c in CELLS if c[2] in ROUTES])
async def test_an_allowed_transition_returns_the_changed_task(
    ana: Person, step: str, before: str, after: str
) -> None:
    task = await in_status(ana, before)

    answer = await ana.post(f"/tasks/{task['id']}/{step}", version=task["version"])

    moved = answer.json()
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{task["version"] + 1}"'
    assert moved["completed_at"] == (moved["updated_at"] if after == "done" else None)
    changed = {
        "status": after,
        "version": task["version"] + 1,
        "updated_at": moved["updated_at"],
        "completed_at": moved["completed_at"],
    }
    assert moved == task | changed
    assert (await ana.get(f"/tasks/{task['id']}")).json() == moved


@pytest.mark.parametrize(("step", "before", "code"), [c for c in CELLS if c[2] not in ROUTES])
async def test_a_forbidden_transition_is_a_conflict_with_its_own_code(
    ana: Person, step: str, before: str, code: str
) -> None:
    task = await in_status(ana, before)

    answer = await ana.post(f"/tasks/{task['id']}/{step}", version=task["version"])

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (await ana.get(f"/tasks/{task['id']}")).json() == task


@pytest.mark.parametrize(
    ("status", "code"),
    [("done", "task_already_completed"), ("cancelled", "task_already_cancelled")],
)
async def test_a_closed_task_cannot_be_assigned(ana: Person, status: str, code: str) -> None:
    task = await in_status(ana, status)
    answer = await ana.post(
        f"/tasks/{task['id']}/assign", {"assignee_id": ana.id}, version=task["version"]
    )
    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_a_stale_version_is_reported_before_a_forbidden_transition(ana: Person) -> None:
    task = await in_status(ana, "done")
    answer = await ana.post(f"/tasks/{task['id']}/complete", version=1)
    assert answer.json()["code"] == "stale_version"
