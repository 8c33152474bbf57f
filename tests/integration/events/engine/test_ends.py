"""The ends of runs that are not transactional: recorded together, each for its own claim."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import update

from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from tests.support.probe.module import Sent
from tests.support.probe.world import World, until


class Slow:
    """A database that records no end before it may, and counts the statements that record ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.may, self.recorded = asyncio.Event(), list[int]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def execute_returning(
        self, query: Statement, params: Mapping[str, Any], /
    ) -> Sequence[Row]:
        if query is deliveries.FINISH_GROUP:
            self.recorded.append(len(params["ids"]))
            await self.may.wait()
        return await self._database.execute_returning(query, params)


class Stand:
    """An engine with places for four deliveries outside."""

    def __init__(self, world: World) -> None:
        registry, notifier = world.container.registry(), Notifier()
        self.database: Any = Slow(world.database)
        self.runner = Runner(self.database, registry, worker_id="test", lease=60)
        self.executor = LocalExecutor(self.runner, notifier, registry, queues={"outside": 4})
        self.engine = Engine(world.database, registry, self.runner, self.executor, notifier)


async def test_runs_that_end_during_a_record_are_recorded_together(world: World) -> None:
    await world.publish(Sent)
    stand = Stand(world)
    await stand.engine.step()
    await until(lambda: stand.database.recorded == [1])
    for _ in range(2):
        await world.publish(Sent)
    await stand.engine.step()
    await until(lambda: len(stand.runner.ends._finish[deliveries.FINISH_GROUP]._waiting) == 2)

    stand.database.may.set()
    await stand.executor.finish()

    assert stand.database.recorded == [1, 2]
    assert await world.states() == ["done"] * 3
    assert len(world.folder.sent()) == 3


async def test_each_learns_whether_its_own_claim_was_still_valid(world: World) -> None:
    for _ in range(3):
        await world.publish(Sent)
    stand, found = Stand(world), list[Claim]()
    stand.database.may.set()

    async def start(claims: list[Claim]) -> None:
        found.extend(claims)

    stand.executor.start = start  # type: ignore[method-assign,assignment]
    await stand.engine.step()
    lost = event_delivery.c.id == found[1].id
    await world.execute(update(event_delivery).where(lost).values(token=found[1].token + 1))

    finish = stand.runner.ends.finish
    ends = await asyncio.gather(*(finish(claim, deliveries.FINISH_GROUP) for claim in found))

    assert ends == [True, False, True]
    assert Counter(await world.states()) == {"done": 2, "claimed": 1}


async def test_a_stop_waits_until_finished_runs_are_recorded(world: World) -> None:
    await world.publish(Sent)
    stand = Stand(world)
    await stand.engine.step()
    await until(lambda: stand.database.recorded == [1])

    stopping = asyncio.create_task(stand.executor.stop())
    await asyncio.sleep(0.02)
    stand.database.may.set()
    await stopping

    assert await world.states() == ["done"]
    assert len(world.folder.sent()) == 1
