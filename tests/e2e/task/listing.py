"""What a list of tasks must contain, computed in Python to compare it with the answers."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.modules.task.domain.entities import Labels, Priority, Task, TaskStatus, Title
from app.modules.task.infrastructure.repositories import SqlTaskUnitOfWork
from app.shared.infrastructure.database.connection import Database
from tests.modules.task.samples import a_task
from tests.support.people import Person
from tests.support.units import unit

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NEVER = "9999"
RANKS = [priority.value for priority in Priority]

Item = dict[str, Any]

SORTS: dict[str, Callable[[Item], Any]] = {
    "created_at": lambda task: (task["created_at"], task["id"]),
    "due_at": lambda task: (task["due_at"] or NEVER, task["id"]),
    "priority": lambda task: (RANKS.index(task["priority"]), task["id"]),
}


def in_order(tasks: list[Item], sort: str) -> list[Item]:
    """Sort as `sort` says; equal ones by their ids, and those without a due time last."""
    return sorted(tasks, key=SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))


def some_tasks(*, owner: str, others: list[str], count: int, seed: int) -> list[Task]:
    """Tasks of all kinds, with many equal values, and some deleted."""
    dice = random.Random(seed)  # noqa: S311 - an example, not a secret
    moments = [START + dt.timedelta(hours=n, microseconds=n) for n in range(5)]
    words = ["Lay", "the", "foundation", "100 %", "a_b", "back\\slash", "ÉTÉ", "été"]

    def one() -> Task:
        return a_task(
            owner_id=UUID(owner),
            assignee_id=dice.choice([None, None, UUID(owner), *map(UUID, others)]),
            title=Title(" ".join(dice.sample(words, 3))),
            description=" ".join(dice.sample(words, 2)),
            status=dice.choice(list(TaskStatus)),
            priority=dice.choice(list(Priority)),
            labels=Labels(tuple(dice.sample(["home", "work", "Home", "it's"], dice.randrange(4)))),
            due_at=dice.choice([None, *moments]),
            created_at=dice.choice(moments),
            updated_at=START,
            deleted_at=dice.choice([None] * 9 + [START]),
        )

    return [one() for _ in range(count)]


async def store(database: Database, tasks: list[Task]) -> None:
    async with unit(SqlTaskUnitOfWork, database) as uow:
        for task in tasks:
            await uow.tasks.save(task)
        await uow.commit()


async def visible(person: Person, tasks: list[Task]) -> list[Item]:
    """Those that the user may see, as each is read alone."""
    theirs = [
        task
        for task in tasks
        if person.id in {str(task.owner_id), str(task.assignee_id)} and task.deleted_at is None
    ]
    return [(await person.get(f"/tasks/{task.id}")).json() for task in theirs]


async def pages(
    person: Person, between: Callable[[], Any] | None = None, **query: str | int
) -> list[list[Item]]:
    """Every page, from the first to the last."""
    found: list[list[Item]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await person.get("/tasks", params={**query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found.append(page["items"])
        assert len(found) < 100, "the pages have no end"
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}
        if between is not None:
            await between()
