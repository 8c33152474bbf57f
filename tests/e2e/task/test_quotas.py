"""The answers to an account that reached a quota."""

from typing import Any

import pytest

from app.container import ApplicationContainer
from app.modules.task.application.quotas import AssignmentQuota, TaskQuotas
from app.shared.infrastructure.limits.local import LocalLimiter
from tests.modules.task.samples import create_task
from tests.support.people import Person

QUOTAS = TaskQuotas(tasks=2, text_bytes=1_000, assignments_a_day=1)


@pytest.fixture(autouse=True)
def few(container: ApplicationContainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container.task.quota(), "_quotas", QUOTAS)
    quota = AssignmentQuota(QUOTAS, LocalLimiter())
    monkeypatch.setattr(container.task.controller().assign_task, "_quota", quota)


def told(answer: Any) -> tuple[int, str, str, int]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem["quota"], problem["limit"]


async def test_a_task_over_the_quota_is_refused(ana: Person) -> None:
    for _ in range(2):
        await create_task(ana)
    answer = await ana.post("/tasks", {"title": "One more"})
    assert told(answer) == (409, "quota_exceeded", "tasks", 2)
    assert "at most 2 tasks" in answer.json()["detail"]
    assert len((await ana.get("/tasks")).json()["items"]) == 2


async def test_text_over_the_quota_is_refused(ana: Person) -> None:
    task = await create_task(ana)
    answer = await ana.patch(f"/tasks/{task['id']}", {"description": "x" * 1_000}, version=1)
    assert told(answer) == (409, "quota_exceeded", "task_bytes", 1_000)


async def test_an_assignment_over_the_daily_quota_is_refused(ana: Person, bruno: Person) -> None:
    first, second = await create_task(ana), await create_task(ana)
    for task, status in ((first, 200), (second, 409)):
        path = f"/tasks/{task['id']}/assign"
        answer = await ana.post(path, {"assignee_id": bruno.id}, version=1)
        assert answer.status_code == status
    assert told(answer) == (409, "quota_exceeded", "assignments_per_day", 1)
    # Assigning to oneself, or to null, does not count.
    path = f"/tasks/{second['id']}/assign"
    assert (await ana.post(path, {"assignee_id": ana.id}, version=1)).status_code == 200
    assert (await ana.post(path, {"assignee_id": None}, version=2)).status_code == 200
