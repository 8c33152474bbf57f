"""Jobs while processes are killed: the promises about keys and cancellations."""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select

from app.core.exceptions import Unavailable
from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import Cancellation
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from tests.faults.conftest import Rounds
from tests.faults.storm import killing
from tests.support.fault_table import Row
from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Probe, Work, effect
from tests.support.probe.world import World

Note = Callable[[Row], None]

of = event_delivery.c
# Their process was killed at each of their attempts: they are dead, and not lost.
_USED_UP = select(of.event_id, of.job_key).where(
    is_just(of.state, DeliveryState.DEAD), of.attempts == MAX_ATTEMPTS
)


async def test_after_each_committed_change_with_a_key_a_run_begins_that_sees_it(
    world: World, dice: random.Random, rounds: Rounds, note_fault: Note
) -> None:
    kills = rounds(3)
    committed: dict[UUID, int] = {}

    async def change() -> None:
        while True:  # a few times each: the last change could be missed
            id = new_id()
            committed[id] = 0
            for _ in range(dice.randrange(2, 5)):
                await change_one(id)

    async def change_one(id: UUID) -> None:
        try:
            async with world.unit_of_work() as uow:
                probe = await uow.probes.get(id) if committed[id] else Probe(id=id)
                await uow.probes.save(probe)
                await uow.jobs.enqueue(
                    Work(stream_id=id, acts=["see"]),
                    key=str(id),
                    on_waiting=dice.choice(["keep", "replace", "postpone"]),
                )
                await asyncio.sleep(dice.uniform(0, 0.05))  # time for a run in between
                if dice.random() < 0.1:
                    return  # it is rolled back
                await uow.commit()
        except Unavailable:
            return
        committed[id] = probe.version

    async def change_several() -> None:
        await asyncio.gather(*(change() for _ in range(4)))

    await killing(world, dice, kills, change_several())

    seen = dict.fromkeys(committed, 0)
    for row in await world.fetch(select(effect).where(effect.c.handler == "probe.seen")):
        seen[row["stream_id"]] = max(seen[row["stream_id"]], row["number"])
    used_up = {row["job_key"] for row in await world.fetch(_USED_UP)}
    unseen = [id for id, version in committed.items() if seen[id] < version]
    lost = [id for id in unseen if str(id) not in used_up]
    note_fault(Row("kill -9 under keys", [kills, sum(committed.values()), len(lost), 0, 0, 0]))
    assert sum(committed.values()) >= kills  # a busy machine does little in a short storm
    left = select(of.job_key, of.state, of.attempts).where(of.job_key.in_([str(id) for id in lost]))
    assert lost == [], await world.fetch(left)


async def test_what_was_answered_cancelled_has_no_effect(
    world: World, dice: random.Random, rounds: Rounds, note_fault: Note
) -> None:
    kills = rounds(3)
    answers: dict[UUID, Cancellation | None] = {}

    async def enqueue_and_cancel() -> None:
        number = 0
        while True:
            number += 1
            acts = [dice.choice(["do", "fail", "linger"]), "do"]
            ref = await world.enqueue(Work(acts=acts), key=f"key {number}")
            answers[ref.id] = None
            await asyncio.sleep(dice.uniform(0, 0.02))
            if dice.random() < 0.7:
                answers[ref.id] = Cancellation.WILL_STOP  # until the answer is known
                answers[ref.id] = await world.cancel(Work, f"key {number}")

    await killing(world, dice, kills, enqueue_and_cancel())

    affected = {row["event_id"] for row in await world.fetch(select(effect))}
    cancelled = {id for id, answer in answers.items() if answer is Cancellation.CANCELLED}
    untouched = {id for id, answer in answers.items() if answer is None}
    note_fault(
        Row("kill -9 under cancel", [kills, len(answers), 0, len(affected & cancelled), 0, 0])
    )
    assert affected & cancelled == set()
    used_up = {row["event_id"] for row in await world.fetch(_USED_UP)}
    assert untouched <= affected | used_up
    assert cancelled
