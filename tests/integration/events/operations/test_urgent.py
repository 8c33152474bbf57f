"""What is urgent does not wait behind what is not, however long that has been waiting."""

from sqlalchemy import update

from app.core.events import subscribe
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from tests.integration.events.operations.world import Happened, Told, World

MAKE_DUE = Statement(update(event_delivery).values(due_at=database_time()))
AT_ONCE, BACKLOG = 4, 20


@subscribe(Happened, id="test.hurry", max_attempts=3, priority="high")
class Hurry(Told):
    pass


async def publish(world: World, count: int) -> None:
    for number in range(count):
        await world.happen(number)


async def test_an_urgent_delivery_overtakes_a_backlog(world: World) -> None:
    await publish(world, BACKLOG)
    world.add(hurry := Hurry())
    await world.happen(BACKLOG)

    await world.engine.step()
    await world.finish()

    assert hurry.numbers == [BACKLOG]
    assert sorted(world.record.numbers) == [0, 1, 2]  # the other places are for the oldest


async def test_an_urgent_delivery_that_failed_overtakes_a_backlog_too(world: World) -> None:
    await publish(world, BACKLOG)
    world.add(hurry := Hurry(refused={BACKLOG}))
    await world.happen(BACKLOG)
    await world.engine.step()
    await world.finish()
    hurry.refused.clear()
    await world.execute(MAKE_DUE)

    await world.engine.step()
    await world.finish()

    assert hurry.numbers == [BACKLOG]
    assert len(world.record.numbers) == 2 * AT_ONCE - 2


async def test_urgent_deliveries_run_the_oldest_first_and_all_others_after_them(
    world: World,
) -> None:
    world.add(hurry := Hurry())
    await publish(world, AT_ONCE + 1)

    await world.engine.step()
    await world.finish()
    assert sorted(hurry.numbers) == [0, 1, 2, 3]
    assert world.record.numbers == []

    await world.drain()
    assert sorted(hurry.numbers) == sorted(world.record.numbers) == list(range(AT_ONCE + 1))
