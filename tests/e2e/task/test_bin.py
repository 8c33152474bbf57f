"""A deleted task is in the bin: hidden from all, kept for its owner, deleted after thirty days."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from app.container import ApplicationContainer
from app.modules.task.application.handlers import EmptyBin
from app.modules.task.infrastructure.tables import task as task_table
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.statement import Statement
from tests.modules.task.samples import create_task
from tests.support.batches import call_to_the_end
from tests.support.people import Person

MOMENT = dt.timedelta(microseconds=1)


@pytest.fixture
async def task(ana: Person, bruno: Person) -> dict[str, Any]:
    """A deleted task of Ana, assigned to Bruno."""
    created = await create_task(ana, title="Lay the foundation", labels=["home"])
    path = f"/tasks/{created['id']}"
    assigned = await ana.post(f"{path}/assign", {"assignee_id": bruno.id}, version=1)
    answer = await ana.delete(path, version=2)
    assert (answer.status_code, answer.content) == (204, b"")
    found: dict[str, Any] = assigned.json()
    return found


@pytest.fixture
def path(task: dict[str, Any]) -> str:
    return f"/tasks/{task['id']}"


@pytest.mark.parametrize("who", ["ana", "bruno"])
async def test_a_deleted_task_is_not_visible(
    ana: Person, bruno: Person, path: str, who: str
) -> None:
    person = {"ana": ana, "bruno": bruno}[who]
    for query in ("", "&label=home", "&q=foundation", "&status=open", "&sort=due_at"):
        page = (await person.get(f"/tasks?with_total=true{query}")).json()
        assert (page["items"], page["total"]) == ([], 0)
    assert (await person.get(path)).json()["code"] == "task_not_found"


@pytest.mark.parametrize("who", ["ana", "bruno"])
async def test_a_deleted_task_cannot_be_changed(
    ana: Person, bruno: Person, path: str, who: str
) -> None:
    person = {"ana": ana, "bruno": bruno}[who]
    answers = [
        await person.patch(path, {"title": "Other"}, version="*"),
        await person.post(f"{path}/start", version="*"),
        await person.post(f"{path}/assign", {"assignee_id": None}, version="*"),
        await person.delete(path, version="*"),
    ]
    assert {answer.json()["code"] for answer in answers} == {"task_not_found"}


async def test_its_owner_can_restore_a_task(
    ana: Person, bruno: Person, task: dict[str, Any], path: str
) -> None:
    answer = await ana.post(f"{path}/restore")

    restored = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"4"')
    assert restored == task | {"version": 4, "updated_at": restored["updated_at"]}
    for person in (ana, bruno):
        assert (await person.get(path)).json() == restored
        assert (await person.get("/tasks")).json()["items"] == [restored]


async def test_only_its_owner_can_restore_a_task(bruno: Person, carla: Person, path: str) -> None:
    for person in (bruno, carla):
        answer = await person.post(f"{path}/restore")
        assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")


async def test_a_task_that_is_not_deleted_cannot_be_restored(ana: Person, path: str) -> None:
    await ana.post(f"{path}/restore")
    answer = await ana.post(f"{path}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "task_not_in_bin")


async def test_an_assignee_gets_a_404_for_a_restore(ana: Person, bruno: Person, path: str) -> None:
    await ana.post(f"{path}/restore")
    assert (await bruno.post(f"{path}/restore")).status_code == 404


async def test_a_deleted_task_cannot_be_deleted_again(ana: Person, path: str) -> None:
    assert (await ana.delete(path, version=3)).status_code == 404


# --- Thirty days --------------------------------------------------------------------------------


class FixedClock:
    def __init__(self, now: dt.datetime) -> None:
        self._now = now

    def now(self) -> dt.datetime:
        return self._now


async def stored(container: ApplicationContainer) -> int:
    """The number of tasks, including deleted ones."""
    return len(await container.database().fetch_all(Statement(select(task_table.c.id)), {}))


async def purge(container: ApplicationContainer, at: dt.datetime) -> int:
    """Empty the bin at a time, with the default setting; return how many tasks were deleted."""
    before = await stored(container)
    empty_bin = EmptyBin(FixedClock(at), container.task.bin_keep())
    await call_to_the_end(empty_bin, ScheduleTick("task.empty_bin", at), container.task.uow)
    return before - await stored(container)


async def test_a_deleted_task_stays_in_the_bin_for_thirty_days(
    ana: Person, container: ApplicationContainer, path: str
) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    assert await purge(container, before + dt.timedelta(days=30)) == 0
    assert (await ana.post(f"{path}/restore")).status_code == 200


async def test_a_deleted_task_is_purged_after_thirty_days(
    ana: Person, container: ApplicationContainer, path: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    assert await purge(container, now + dt.timedelta(days=30) + MOMENT) == 1
    assert (await ana.post(f"{path}/restore")).status_code == 404


async def test_a_restored_task_is_never_purged(
    ana: Person, container: ApplicationContainer, path: str
) -> None:
    await ana.post(f"{path}/restore")
    assert await purge(container, dt.datetime.now(dt.UTC) + dt.timedelta(days=3650)) == 0
    assert (await ana.get(path)).status_code == 200
