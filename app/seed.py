"""Demo data: a few users and some thousand tasks, the same each time."""

import datetime as dt
import random
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

import typer

from app.container import ApplicationContainer
from app.modules.task.domain.entities import Labels, Priority, Task, Title
from app.modules.task.domain.events import TaskCreated
from app.modules.user.domain.entities import FullName, User
from app.shared.domain.value_objects import EmailAddress

USERS: Final = ("ana@example.com", "bruno@example.com", "carla@example.com")
PASSWORD: Final = "correct horse battery"  # noqa: S105 - everybody may know it: it is in the README
TASKS_EACH: Final = 1_000
BATCH: Final = 100

_VERBS = ("Check", "Lay", "Measure", "Order", "Paint", "Plan", "Repair", "Replace")
_THINGS = ("the foundation", "the roof", "the stairs", "the windows", "the garden wall")
_LABELS = ("garden", "house", "inside", "outside", "urgent")


async def seed(container: ApplicationContainer) -> int:
    """Add what is missing of the demo data; return how many tasks were added."""
    user_ids = [await _user(container, address) for address in USERS]
    batches = [(user_id, first) for user_id in user_ids for first in range(0, TASKS_EACH, BATCH)]
    added = 0
    with typer.progressbar(batches, label="Tasks") as progress:
        for user_id, first in progress:
            added += await _batch(container, user_id, first, user_ids)
    return added


async def _user(container: ApplicationContainer, address: str) -> UUID:
    email = EmailAddress.parse(address)
    async with container.user.uow() as uow:
        user: User | None = await uow.users.get_by_email(email)
        if user is None:
            now = container.clock().now()
            user = User.register(
                email=email,
                full_name=FullName(f"{address.partition('@')[0].title()} Example"),
                password_hash=await container.hasher().hash(PASSWORD),
                now=now,
            )
            user.verify(now=now)
            await uow.users.save(user)
            await uow.commit()
    return user.id


async def _batch(
    container: ApplicationContainer, owner_id: UUID, first: int, users: list[UUID]
) -> int:
    """Add a batch in one transaction: it is there as a whole, or not at all."""
    tasks = [_task(owner_id, number, users) for number in range(first, first + BATCH)]
    async with container.task.uow() as uow:
        if await uow.tasks.get(tasks[0].id) is not None:
            return 0
        for task in tasks:
            await uow.tasks.save(task)
        await uow.commit()
    return len(tasks)


def _task(owner_id: UUID, number: int, users: list[UUID]) -> Task:
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
