"""Where handlers run, and how many of them run at once."""

import asyncio

from app.core.events import subscribe
from app.core.run_limits import Everywhere
from tests.integration.events.operations.world import Happened, Other, Told, World

PLACES = 4
TWO_AT_ONCE, TWO_EVERYWHERE, PER_MINUTE = (
    "test.two_at_once",
    "test.two_everywhere",
    "test.per_minute",
)


class Begun(Told):
    """Begins, and waits until the test lets it continue."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on, self.at_once, self.most = asyncio.Event(), 0, 0

    async def __call__(self, event: Happened, _second: object) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.may_go_on.wait()
        finally:
            self.at_once -= 1
        await super().__call__(event, _second)


@subscribe(Happened, id="test.mail", transactional=False)
class Mail(Begun):
    pass


@subscribe(Happened, id=TWO_AT_ONCE, transactional=False, concurrency=2)
class TwoAtOnce(Begun):
    pass


@subscribe(Happened, id=TWO_EVERYWHERE, transactional=False, concurrency=Everywhere(2))
class TwoEverywhere(Begun):
    pass


@subscribe(Happened, id=PER_MINUTE, transactional=False, rate="60/min")
class PerMinute(Told):
    pass


async def begun(handler: Begun, count: int) -> None:
    """Wait until so many of its runs have begun."""
    async with asyncio.timeout(10):
        while handler.at_once != count:  # noqa: ASYNC110 - handlers say no more
            await asyncio.sleep(0.005)


async def happen(world: World, count: int) -> None:
    for number in range(count):
        await world.happen(number)


async def finish(world: World, handler: Begun) -> None:
    handler.may_go_on.set()
    await world.finish()


async def test_slow_handlers_outside_stop_no_other_handler(world: World) -> None:
    world.add(mail := Mail())
    await happen(world, 8)
    async with asyncio.timeout(10):
        while len(world.record.numbers) < 8:  # the emails are still being sent
            await world.engine.step()
            await asyncio.sleep(0.01)

    assert (mail.numbers, mail.at_once) == ([], PLACES)
    await finish(world, mail)


async def test_no_delivery_is_claimed_that_has_no_place(world: World) -> None:
    world.add(mail := Mail())
    await happen(world, PLACES + 3)
    for _ in range(3):
        await world.engine.step()

    assert (await world.states("test.mail")).count("claimed") == PLACES
    await finish(world, mail)


async def test_the_last_place_is_for_a_handler_that_has_none(world: World) -> None:
    world.queues["outside"] = 2
    world.add(mail := Mail(), other := TwoAtOnce())
    await happen(world, 3)
    await world.engine.step()
    await begun(mail, 1)
    await begun(other, 1)

    other.may_go_on.set()
    async with asyncio.timeout(10):
        while len(other.numbers) < 3:
            await world.engine.step()
            await asyncio.sleep(0.01)
    assert (await world.states("test.mail")).count("claimed") == 1
    await finish(world, mail)


async def test_a_handler_runs_as_often_at_once_as_it_says(world: World) -> None:
    world.add(handler := TwoAtOnce())
    await happen(world, 5)
    for _ in range(3):
        await world.engine.step()

    assert (await world.states(TWO_AT_ONCE)).count("claimed") == 2
    await begun(handler, 2)
    await finish(world, handler)
    await world.drain()
    assert (handler.most, sorted(handler.numbers)) == (2, [0, 1, 2, 3, 4])


async def test_everywhere_counts_the_runs_of_all_processes(world: World) -> None:
    world.add(handler := TwoEverywhere())
    await happen(world, 6)
    engines = [world.engine, world.another_engine(), world.another_engine()]
    for _ in range(3):
        for engine in engines:
            await engine.step()

    assert (await world.states(TWO_EVERYWHERE)).count("claimed") == 2
    await begun(handler, 2)
    handler.may_go_on.set()
    for engine in engines:
        await engine.drain()
    await world.drain()
    assert (handler.most, len(handler.numbers)) == (2, 6)


async def test_a_rate_bounds_how_many_begin(world: World) -> None:
    world.add(handler := PerMinute(), Other())
    await happen(world, 5)
    await world.drain()
    await world.another_engine().drain()
    assert handler.numbers == [0]  # one a second, and a burst of one
    assert await world.states(PER_MINUTE) == ["done", *["ready"] * 4]


async def test_a_claim_that_finds_nothing_uses_no_rate_up(world: World) -> None:
    world.add(handler := PerMinute())
    for _ in range(5):
        await world.engine.step()
    await happen(world, 1)
    await world.drain()
    assert handler.numbers == [0]
