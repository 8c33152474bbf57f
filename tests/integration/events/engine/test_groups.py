"""Runs that share a transaction: each as if it were alone."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from sqlalchemy import update

from app.shared.domain.jobs import Cancellation
from app.shared.infrastructure.database.connection import Connection, Database, DatabaseUnavailable
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery import deliveries, group_sizes
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.groups import Groups
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Claim, Runner
from tests.support.probe.module import Hurried, Kept, Work
from tests.support.probe.world import World, until
from tests.support.refusing import Refusing

HANDLERS: Final = ("probe.keep", "probe.hurry", "probe.work")


class Counted:
    """A database that counts its transactions."""

    def __init__(self, database: Database) -> None:
        self._database, self.begun = database, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        self.begun += 1
        async with self._database.transaction() as connection:
            yield connection


class Stand:
    """An engine whose groups have grown already, with one place."""

    def __init__(self, world: World, database: Any) -> None:
        registry, notifier = world.container.registry(), Notifier()
        self.runner = Runner(database, registry, worker_id="test", lease=60)
        for handler in HANDLERS:
            for size in (1, 2, 4, 8, 16):
                self.runner.sizes.went_well(handler, count=size, seconds=0)
        self.executor = LocalExecutor(self.runner, notifier, registry, queues={"default": 1})
        self.engine = Engine(world.database, registry, self.runner, self.executor, notifier)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no group be cut off because the machine is slow."""
    monkeypatch.setattr(group_sizes, "LONGEST_SECONDS", 60)


@pytest.fixture
def stand(world: World) -> Stand:
    return Stand(world, world.database)


async def test_runs_of_a_group_share_one_transaction(world: World) -> None:
    database = Counted(world.database)
    for _ in range(10):
        await world.publish(Kept)

    stand = Stand(world, database)
    await stand.engine.step()
    await stand.executor.finish()

    assert await world.effects() == [1] * 10
    assert database.begun == 1


async def test_one_that_fails_fails_alone_and_costs_the_others_no_attempt(
    world: World, stand: Stand
) -> None:
    streams = [await world.publish(Kept) for _ in range(5)]
    broken = await world.publish(Kept, "fail")
    streams += [await world.publish(Kept) for _ in range(5)]

    await stand.engine.step()
    await stand.executor.finish()

    rows = {row["stream_id"]: row for row in await world.deliveries()}
    assert {rows[stream]["attempts"] for stream in streams} == {1}
    assert [await world.effects(stream) for stream in streams] == [[1]] * 10
    assert await world.effects(broken) == []
    [attempt] = await world.attempts()
    assert attempt["delivery_id"] == rows[broken]["id"]
    assert len(world.folder.starts("probe.keep")) == 2  # in the group, and alone


async def test_two_that_fail_have_an_attempt_each_and_the_others_none(
    world: World, stand: Stand
) -> None:
    broken = {await world.publish(Kept, "fail"), await world.publish(Kept, "fail")}
    sound = [await world.publish(Kept) for _ in range(6)]

    await stand.engine.step()
    await stand.executor.finish()

    rows = {row["id"]: row["stream_id"] for row in await world.deliveries()}
    assert {rows[row["delivery_id"]] for row in await world.attempts()} == broken
    assert [await world.effects(stream) for stream in sound] == [[1]] * 6


async def test_one_that_takes_too_long_is_undone_alone(world: World, stand: Stand) -> None:
    await world.publish(Hurried, "hang")
    sound = [await world.publish(Hurried) for _ in range(3)]

    await stand.engine.step()
    await stand.executor.finish()

    assert [row["error_class"] for row in await world.attempts()] == ["TimeoutError"]
    assert [await world.effects(stream) for stream in sound] == [[1]] * 3


async def test_groups_keep_the_order_of_each_stream(world: World, stand: Stand) -> None:
    streams = [await world.publish(Kept) for _ in range(8)]
    for _ in range(3):
        for stream in streams:
            await world.publish(Kept, stream=stream)

    await stand.engine.drain()

    assert [await world.effects(stream) for stream in streams] == [[1, 2, 3, 4]] * 8


async def test_each_run_of_a_group_ends_in_its_own_way(world: World, stand: Stand) -> None:
    await world.publish(Kept, "discard")
    parts = await world.publish(Kept, "more", "more", "do")
    await world.publish(Kept, "answer")
    await world.publish(Kept)

    await stand.engine.drain()

    assert Counter(await world.states()) == {"done": 5}
    assert await world.effects(parts) == [1, 1, 1]
    assert "discarded: not needed" in {row["last_error"] for row in await world.deliveries()}
    asked = [row["event_id"] for row in await world.deliveries()]
    [answer] = [row for row in await world.deliveries() if row["handler"] == "probe.hear"]
    assert answer["causation_id"] in asked


async def test_a_cancelled_job_leaves_no_effect_and_the_others_have_theirs(
    world: World, stand: Stand
) -> None:
    for number in range(4):
        await world.enqueue(Work(number), key=f"{number}")
    claims = await claimed(world, stand)
    assert await world.cancel(Work, "2") in set(Cancellation)

    await Groups(stand.runner).run(claims)

    assert sorted(await world.effects()) == [0, 1, 3]
    assert Counter(await world.states()) == {"done": 3, "cancelled": 1}
    assert len([row for row in await world.job_states() if row["result"]]) == 3


async def test_after_a_deadlock_each_runs_alone(world: World) -> None:
    refusing = Refusing(world.database, deliveries.FINISH_GROUP, error=DatabaseUnavailable())
    for _ in range(5):
        await world.publish(Kept)

    await Stand(world, refusing).engine.drain()

    assert refusing.refused == 1
    assert await world.effects() == [1] * 5
    assert await world.attempts() == []


async def test_a_delivery_that_is_lost_has_no_effect_and_the_others_have_theirs(
    world: World, stand: Stand
) -> None:
    for _ in range(4):
        await world.publish(Kept)
    claims = await claimed(world, stand)
    lost = claims[1]
    mine = event_delivery.c.id == lost.id
    await world.execute(update(event_delivery).where(mine).values(token=lost.token + 1))

    await Groups(stand.runner).run(claims)

    assert await world.effects(lost.stream_id) == []
    assert Counter(await world.states()) == {"done": 3, "claimed": 1}


async def test_a_stop_gives_the_whole_group_back_untried(world: World, stand: Stand) -> None:
    await world.publish(Kept)
    await world.publish(Kept, "wait")
    await world.publish(Kept)
    await stand.engine.step()
    await until(lambda: len(world.folder.starts("probe.keep")) == 1)

    await stand.executor.stop()

    assert await world.states() == ["ready"] * 3
    assert {row["attempts"] for row in await world.deliveries()} == {0}
    assert await world.effects() == []


async def test_a_group_that_takes_too_long_gives_the_rest_back_untried(
    world: World, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_sizes, "LONGEST_SECONDS", 0)
    for _ in range(3):
        await world.publish(Kept)
    await stand.engine.step()
    await stand.executor.finish()

    assert sorted(await world.states()) == ["done", "ready", "ready"]
    assert sorted(row["attempts"] for row in await world.deliveries()) == [0, 0, 1]

    await stand.engine.drain()
    assert await world.effects() == [1, 1, 1]


async def test_what_was_tried_before_is_alone_and_waits_for_a_place(
    world: World, stand: Stand
) -> None:
    for _ in range(3):
        await world.publish(Kept)
    await world.execute(update(event_delivery).values(attempts=1))
    await stand.engine.step()
    await stand.executor.finish()

    assert sorted(await world.states()) == ["done", "ready", "ready"]
    assert sorted(row["attempts"] for row in await world.deliveries()) == [1, 1, 2]


async def claimed(world: World, stand: Stand) -> list[Claim]:
    """Claim all that is due, as the engine does."""
    found: list[Claim] = []

    async def start(claims: list[Claim]) -> None:
        found.extend(claims)

    stand.executor.start = start  # type: ignore[method-assign,assignment]
    await stand.engine.step()
    return found
