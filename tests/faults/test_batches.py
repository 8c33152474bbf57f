"""Batches of jobs while processes are killed: each callback is enqueued once."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.models import job_batch
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.faults.conftest import Rounds
from tests.faults.storm import killing, until_nothing_is_left
from tests.support.fault_table import Row
from tests.support.probe.module import Work
from tests.support.probe.world import World, until

MEMBERS: Final = 50
MOST_OPEN: Final = 200
"""More are enqueued than the killed processes finish; the rest would take an hour in the end."""
CALLBACKS: Final = {101: "then", 102: "catch", 103: "finally"}
"""By the numbers of their jobs."""
OPEN: Final = select(func.count().label("n")).where(job_batch.c.closed_at.is_(None))


async def test_each_callback_of_each_batch_is_enqueued_once(
    world: World, dice: random.Random, rounds: Rounds, note_fault: Callable[[Row], None]
) -> None:
    kills, names = rounds(3), list[UUID]()

    async def enqueue_batches() -> None:
        while True:
            if await count_of_open(world) < MOST_OPEN:
                names.append(await enqueue_batch(world, dice))
            await asyncio.sleep(dice.uniform(0, 0.1))

    await killing(world, dice, kills, enqueue_batches())
    async with world.container.engine().running():
        await until(lambda: are_closed(world))
        await until_nothing_is_left(world)

    failed, found = await outcomes(world)
    expected = {
        name: {"catch" if name in failed else "then", "finally"} for name in {*names, *found}
    }
    lost = sum(len(expected[name] - set(found[name])) for name in names)
    doubled = sum(found[name].total() - len(found[name]) for name in names)
    note_fault(Row("kill -9 under batches", [kills, len(names), lost, doubled, 0, 0]))
    assert failed
    assert found == {name: Counter(callbacks) for name, callbacks in expected.items()}


async def enqueue_batch(world: World, dice: random.Random) -> UUID:
    """Enqueue a batch, in which a job may fail for good. Return the stream that its jobs name."""
    name = new_id()
    acts = [[dice.choice(["do", "linger", "fail"]), "do"] for _ in range(MEMBERS)]
    if dice.random() < 0.5:
        acts[dice.randrange(MEMBERS)] = ["give up"]
    then, catch, finally_ = (Work(number=number, stream_id=name) for number in CALLBACKS)
    async with world.unit_of_work() as uow:
        async with uow.jobs.batch(then=then, catch=catch, finally_=finally_) as batch:
            await batch.enqueue_many([Work(stream_id=name, acts=each) for each in acts])
        await uow.commit()
    return name


async def outcomes(world: World) -> tuple[set[UUID], dict[UUID, Counter[str]]]:
    """Return the batches in which a job failed, and the callbacks of each batch."""
    failed, callbacks = set[UUID](), defaultdict[UUID, Counter[str]](Counter)
    for row in await world.deliveries():
        name = UUID(row["payload"]["stream_id"])
        if row["batch_id"] is None:
            callbacks[name][CALLBACKS[row["payload"]["number"]]] += 1
        elif row["state"] != DeliveryState.DONE:
            failed.add(name)
    return failed, callbacks


async def are_closed(world: World) -> bool:
    return await count_of_open(world) == 0


async def count_of_open(world: World) -> int:
    [row] = await world.fetch(OPEN)
    return int(row["n"])
