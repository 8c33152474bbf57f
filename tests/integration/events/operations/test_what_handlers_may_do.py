"""A handler may take several events, wait for the commit, and use an ORM session."""

from dataclasses import dataclass, field
from typing import ClassVar

from sqlalchemy import func, insert, select

from app.core.endings import Continue
from app.core.events import subscribe
from app.shared.domain.events import DomainEvent
from app.shared.infrastructure.database.models import event_handler
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.operations.replay import Replay
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.integration.events.operations.world import LONG_AGO, NOW, Happened, World

PAUSES = Statement(select(func.count().label("n")).select_from(event_handler))


@dataclass(frozen=True, slots=True)
class Ended(DomainEvent):
    """Something has ended."""

    type: ClassVar = "test.ended"


@dataclass
class Unit:
    """A handler that records its arguments."""

    seen: list[str] = field(default_factory=list)


@subscribe(Happened, Ended, id="test.both")
class Both(Unit):
    async def __call__(self, event: Happened | Ended, _uow: SqlUnitOfWork) -> None:
        self.seen.append(event.type)


@subscribe(Happened, id="test.commits", max_attempts=1)
class Commits(Unit):
    """Fails for 2, and at the first call has more to do for 3."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._is_partly_done = False

    async def __call__(self, event: Happened, uow: SqlUnitOfWork) -> None:
        row = {"handler": f"test.{event.number}", "paused_at": NOW}
        await uow.session().execute(insert(event_handler), row)
        uow.after_commit(lambda: self._look(event.number))
        if event.number == 2:
            raise ValueError("not 2")
        if event.number == 3 and not self._is_partly_done:
            self._is_partly_done = True
            await uow.session().execute(event_handler.delete())
            raise Continue

    async def _look(self, number: int) -> None:
        row = await self._world.database.fetch_one(PAUSES, {})
        assert row is not None
        self.seen.append(f"{number}: {row['n']}")


async def test_a_handler_of_several_events_gets_each_in_the_order_of_the_stream(
    world: World,
) -> None:
    both = Both()
    world.registry.publish([Ended])
    world.add(both)
    thing = await world.happen(1, 2)
    await world.publish(thing, Ended())
    await world.happen(3, to=thing)
    await world.drain()
    assert both.seen == ["test.happened", "test.happened", "test.ended", "test.happened"]
    assert world.record.numbers == [1, 2, 3]


async def test_all_events_of_a_handler_are_replayed_and_backfilled(world: World) -> None:
    world.registry.publish([Ended])
    thing = await world.happen(1)
    await world.publish(thing, Ended())
    both = Both()
    world.add(both)
    replay = Replay(world.database, world.registry, world.notifier)
    assert (await replay.backfill("test.both", since=LONG_AGO)).deliveries == 2
    await world.drain()
    assert (await replay.replay("test.both", since=LONG_AGO, until=None)).deliveries == 2
    await world.drain()
    assert both.seen == ["test.happened", "test.ended"] * 2


async def test_functions_after_the_commit_of_a_handler_are_called_once(
    world: World,
) -> None:
    commits = Commits(world)
    world.add(commits)
    await world.happen(1)
    await world.happen(2)
    await world.drain()
    assert commits.seen == ["1: 1"]
    await world.happen(3)
    await world.drain()
    assert commits.seen == ["1: 1", "3: 0", "3: 1"]
