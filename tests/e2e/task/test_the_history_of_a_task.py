import asyncio

import pytest
from sqlalchemy import bindparam, delete

from app.core.http.service import Service
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement
from tests.modules.task.samples import create_task
from tests.support.people import Person

FORGET = Statement(
    delete(event_log).where(event_log.c.aggregate_version == bindparam("of_version"))
)


async def test_a_history_lists_events_with_time_and_actor_oldest_first(
    ana: Person, bruno: Person
) -> None:
    task = await create_task(ana)
    path = f"/tasks/{task['id']}"
    await ana.patch(path, {"priority": "high"}, version=1)
    await ana.post(f"{path}/assign", {"assignee_id": bruno.id}, version=2)
    await bruno.post(f"{path}/complete", version=3)

    answer = await ana.get(f"{path}/history")
    assert answer.status_code == 200
    history = answer.json()
    assert [(e["version"], e["type"], e["actor_id"]) for e in history["items"]] == [
        (1, "task.created", ana.id),
        (2, "task.revised", ana.id),
        (3, "task.assigned", ana.id),
        (4, "task.completed", bruno.id),
    ]
    assert history["items"][1]["data"] == {
        "task_id": task["id"],
        "owner_id": ana.id,
        "fields": ["priority"],
    }
    assert history["items"][0]["occurred_at"] == task["created_at"]
    assert set(history["items"][0]) == {
        "event_id",
        "type",
        "version",
        "occurred_at",
        "actor_id",
        "data",
    }
    assert history["next_cursor"] is None
    assert (await bruno.get(f"{path}/history")).json() == history


async def test_a_long_history_goes_on_page_by_page(ana: Person) -> None:
    task = await create_task(ana)
    path = f"/tasks/{task['id']}"
    for version, title in enumerate(("one", "two", "three", "four"), start=1):
        await ana.patch(path, {"title": title}, version=version)

    seen, cursor = [], ""
    while True:
        page = (await ana.get(f"{path}/history?limit=2{cursor}")).json()
        seen += [entry["version"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [1, 2, 3, 4, 5]


async def test_several_events_of_one_change_keep_their_order(ana: Person, service: Service) -> None:
    task = await create_task(ana)
    path = f"/tasks/{task['id']}"
    await ana.post(f"{path}/complete", version=1)
    await ana.post(f"{path}/reopen", version=2)
    await service.state.container.database().fetch_all(  # as if one save had recorded both
        Statement(
            event_log.update()
            .where(event_log.c.aggregate_version == 3)
            .values(aggregate_version=2, ordinal=1)
            .returning(event_log.c.seq)
        ),
        {},
    )
    first = (await ana.get(f"{path}/history?limit=2")).json()
    rest = (await ana.get(f"{path}/history?limit=2&cursor={first['next_cursor']}")).json()
    assert [entry["type"] for entry in first["items"]] == ["task.created", "task.completed"]
    assert [entry["type"] for entry in rest["items"]] == ["task.reopened"]


async def test_other_users_get_a_404_for_the_history(ana: Person, bruno: Person) -> None:
    task = await create_task(ana)
    absent = await bruno.get("/tasks/00000000-0000-7000-8000-000000000000/history")
    hidden = await bruno.get(f"/tasks/{task['id']}/history")
    assert absent.status_code == hidden.status_code == 404
    assert absent.json()["code"] == hidden.json()["code"] == "task_not_found"


async def test_a_deleted_task_has_no_visible_history(ana: Person) -> None:
    task = await create_task(ana)
    await ana.delete(f"/tasks/{task['id']}", version=1)
    assert (await ana.get(f"/tasks/{task['id']}/history")).status_code == 404


async def test_a_task_whose_events_were_deleted_has_an_empty_history(
    ana: Person, service: Service
) -> None:
    task = await create_task(ana)
    async with service.state.container.database().transaction() as connection:
        await connection.execute(FORGET, {"of_version": 1})
        await connection.commit()
    answer = await ana.get(f"/tasks/{task['id']}/history")
    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_a_cursor_of_another_history_is_refused(ana: Person) -> None:
    one, other = await asyncio.gather(create_task(ana), create_task(ana))
    await ana.patch(f"/tasks/{one['id']}", {"title": "changed"}, version=1)
    page = (await ana.get(f"/tasks/{one['id']}/history?limit=1")).json()
    elsewhere = await ana.get(f"/tasks/{other['id']}/history?cursor={page['next_cursor']}")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "sort=created_at"])
async def test_a_history_takes_no_other_parameters(ana: Person, query: str) -> None:
    task = await create_task(ana)
    answer = await ana.get(f"/tasks/{task['id']}/history?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
