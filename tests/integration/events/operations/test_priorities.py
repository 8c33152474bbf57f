"""Which of the due deliveries gets a place first."""

from sqlalchemy import update

from app.core.events import subscribe
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from tests.integration.events.operations.world import Happened, Told, World

MAKE_DUE = Statement(update(event_delivery).values(due_at=database_time()))
AT_ONCE, BACKLOG = 4, 20


@subscribe(Happened, id="test.hurry", max_attempts=3, priority="high", batch=1)
class Hurry(Told):
    pass


@subscribe(Happened, id="test.usual", batch=1)
class Usual(Told):
    pass


@subscribe(Happened, id="test.leisure", priority="low", batch=1)
class Leisure(Told):
    pass


async def publish(world: World, count: int) -> None:
    for number in range(count):
        await world.happen(number)


async def step(world: World) -> None:
    await world.engine.step()
    await world.finish()


async def test_a_delivery_of_high_priority_overtakes_a_backlog(world: World) -> None:
    await publish(world, BACKLOG)
    world.add(hurry := Hurry())
    await world.happen(BACKLOG)

    await step(world)
    assert hurry.numbers == [BACKLOG]
    assert sorted(world.record.numbers) == [0, 1]  # one place stays free for other handlers


async def test_a_delivery_of_high_priority_that_failed_overtakes_a_backlog_too(
    world: World,
) -> None:
    await publish(world, BACKLOG)
    world.add(hurry := Hurry(refused={BACKLOG}))
    await world.happen(BACKLOG)
    await step(world)
    hurry.refused.clear()
    await world.execute(MAKE_DUE)

    await step(world)
    assert hurry.numbers == [BACKLOG]


async def test_each_handler_has_a_place_and_the_others_go_by_priority(world: World) -> None:
    world.registry._of_event[Happened.type] = ()  # without the handler `record`
    world.add(hurry := Hurry(), usual := Usual(), leisure := Leisure())
    await publish(world, AT_ONCE + 1)

    await step(world)
    assert (hurry.numbers, usual.numbers, leisure.numbers) == ([0], [0], [0])
    world.queues["default"] = 8
    await step(world)
    assert (sorted(hurry.numbers), sorted(usual.numbers)) == ([0, 1, 2, 3, 4], [0, 1, 2])
    assert leisure.numbers == [0, 1]

    await world.drain()
    every = list(range(AT_ONCE + 1))
    assert sorted(usual.numbers) == sorted(leisure.numbers) == every


async def test_every_eighth_claim_begins_with_the_priority_that_has_waited_longest(
    world: World,
) -> None:
    world.queues["default"] = 1
    world.registry._of_event[Happened.type] = ()
    world.add(leisure := Leisure())
    await world.happen(0)
    world.registry._of_event[Happened.type] = ()
    world.add(hurry := Hurry())
    await publish(world, BACKLOG)

    for _ in range(7):
        await step(world)
    assert (len(hurry.numbers), leisure.numbers) == (7, [])
    await step(world)
    assert leisure.numbers == [0]
