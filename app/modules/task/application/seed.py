"""Demo tasks: some thousand, the same in each run."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from app.modules.task.domain.entities import Labels, Priority, Task, Title
from app.modules.task.domain.errors import TaskNotFound
from app.modules.task.domain.events import TaskCreated
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.seed import DemoData

TASKS_EACH: Final = 1_000
BATCH: Final = 100

_VERBS = ("Check", "Lay", "Measure", "Order", "Paint", "Plan", "Repair", "Replace")
_THINGS = ("the foundation", "the roof", "the stairs", "the windows", "the garden wall")
_LABELS = ("garden", "house", "inside", "outside", "urgent")


class SeedTasks:
    """Adds tasks for each demo user, some of them assigned to another one."""

    def __init__(self, uow: Callable[[], TaskUnitOfWork]) -> None:
        self._uow = uow

    async def __call__(self, demo: DemoData, /) -> str:
        added = 0
        for owner_id in demo.user_ids:
            for first in range(0, TASKS_EACH, BATCH):
                added += await self._batch(owner_id, first, demo.user_ids)
        return f"Added {added} tasks."

    async def _batch(self, owner_id: UUID, first: int, users: Sequence[UUID]) -> int:
        """Add a batch in one transaction, as a whole or not at all."""
        tasks = [_task(owner_id, number, users) for number in range(first, first + BATCH)]
        async with self._uow() as uow:
            with suppress(TaskNotFound):
                await uow.tasks.get_owned(owner_id, tasks[0].id)
                return 0
            for task in tasks:
                await uow.tasks.save(task)
            await uow.commit()
        return len(tasks)


def _task(owner_id: UUID, number: int, users: Sequence[UUID]) -> Task:
    name = f"{owner_id}/{number}"
    dice = random.Random(name)  # noqa: S311 - the same tasks each time, nothing secret
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
    task = Task(
        id=uuid5(NAMESPACE_URL, name),
        owner_id=owner_id,
        created_at=now,
        updated_at=now,
        title=Title(f"{dice.choice(_VERBS)} {dice.choice(_THINGS)} (demo {number + 1})"),
        priority=dice.choice(list(Priority)),
        labels=Labels(tuple(sorted(dice.sample(_LABELS, dice.randint(0, 2))))),
        due_at=dice.choice([None, now + dt.timedelta(days=dice.randint(1, 400))]),
    )
    task.record(TaskCreated(task.id, owner_id))
    if dice.choice([True, False]):
        task.assign(dice.choice(users), now=now)
    dice.choice([task.start, task.complete, task.cancel])(now=now)
    return task
