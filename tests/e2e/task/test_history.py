"""Each change of a task stores an event: what happened, by whom, and in which request."""

from typing import Any
from uuid import UUID

from app.shared.infrastructure.database.connection import Database, Row
from tests.modules.task.samples import create_task
from tests.support.events import OF_ONE
from tests.support.people import Person


async def history(database: Database, task_id: str) -> list[Row]:
    return list(await database.fetch_all(OF_ONE, {"aggregate_id": UUID(task_id)}))


async def test_every_change_of_a_task_is_an_event(
    ana: Person, bruno: Person, database: Database
) -> None:
    task = await create_task(ana)
    path = f"/tasks/{task['id']}"
    await ana.patch(path, {"priority": "high", "labels": ["home"]}, version=1)
    await ana.post(f"{path}/assign", {"assignee_id": bruno.id}, version=2)
    await bruno.post(f"{path}/start", version=3)
    await bruno.post(f"{path}/complete", version=4)
    await ana.post(f"{path}/reopen", version=5)
    await ana.post(f"{path}/assign", {"assignee_id": None}, version=6)
    await ana.post(f"{path}/cancel", version=7)
    await ana.delete(path, version=8)
    await ana.post(f"{path}/restore")

    rows = await history(database, task["id"])

    whose: dict[str, Any] = {"task_id": task["id"], "owner_id": ana.id}
    assert [(row["event_type"], str(row["actor_id"]), dict(row["payload"])) for row in rows] == [
        ("task.created", ana.id, whose),
        ("task.revised", ana.id, whose | {"fields": ["labels", "priority"]}),
        ("task.assigned", ana.id, whose | {"assignee_id": bruno.id}),
        ("task.started", bruno.id, whose),
        ("task.completed", bruno.id, whose),
        ("task.reopened", ana.id, whose),
        ("task.unassigned", ana.id, whose),
        ("task.cancelled", ana.id, whose),
        ("task.deleted", ana.id, whose),
        ("task.restored", ana.id, whose),
    ]
    assert [row["aggregate_version"] for row in rows] == list(range(1, 11))
    assert {row["ordinal"] for row in rows} == {0}
    moments = [row["occurred_at"] for row in rows]
    assert moments == sorted(moments)


async def test_a_refused_change_is_no_event(ana: Person, bruno: Person, database: Database) -> None:
    task = await create_task(ana)
    path = f"/tasks/{task['id']}"
    refused = [
        await ana.patch(path, {"title": ""}, version=1),
        await ana.patch(path, {"title": "Other"}, version=7),
        await ana.patch(path, {"title": "Other"}),
        await ana.post(f"{path}/reopen", version=1),
        await ana.post(f"{path}/restore"),
        await bruno.delete(path, version=1),
    ]
    assert {answer.status_code // 100 for answer in refused} == {4}
    assert [row["event_type"] for row in await history(database, task["id"])] == ["task.created"]


async def test_an_event_has_the_id_of_its_request(ana: Person, database: Database) -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"X-Request-ID": "request-0001", "traceparent": traceparent}
    answer = await ana.request("POST", "/tasks", json={"title": "Dig"}, headers=headers)

    (row,) = await history(database, answer.json()["id"])

    assert (row["correlation_id"], row["traceparent"]) == ("request-0001", traceparent)
    assert answer.headers["x-request-id"] == "request-0001"


async def test_an_event_contains_no_text_of_its_task(ana: Person, database: Database) -> None:
    task = await create_task(ana, title="secret", description="secret", labels=["secret"])
    await ana.patch(f"/tasks/{task['id']}", {"title": "secret too"}, version=1)
    assert "secret" not in str([dict(row) for row in await history(database, task["id"])])
