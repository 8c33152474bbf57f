"""Runs that share a transaction have the same effects as if each were alone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from sqlalchemy import text, update

from app.shared.domain.jobs import Cancellation
from app.shared.infrastructure.database.connection import Connection, Database, DatabaseUnavailable
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery import deliveries, group_sizes
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.groups import Groups
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.events.operations import metrics
from tests.integration.events.engine.conftest import on_postgresql
from tests.support.probe.module import (
    MEETING,
    TOUCH,
    Hurried,
    Kept,
    ProbeUnitOfWork,
    Work,
)
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
    """An engine with one place, whose groups have reached their full size."""

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
    """Raise the time limit of groups, so that a slow machine does not cut them off."""
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


async def test_each_run_of_a_group_has_its_own_session_and_its_own_calls_after_the_commit(
    world: World, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    join, sessions, seen = ProbeUnitOfWork.join, list[Any](), list[int]()

    async def look() -> None:
        seen.append(len(await world.effects()))

    def join_and_use(self: ProbeUnitOfWork, connection: Connection) -> ProbeUnitOfWork:
        join(self, connection)
        sessions.append(self.session())
        self.after_commit(look)
        return self

    monkeypatch.setattr(ProbeUnitOfWork, "join", join_and_use)
    for _ in range(4):
        await world.publish(Kept)

    await stand.engine.step()
    await stand.executor.finish()

    assert len({id(session) for session in sessions}) == 4
    assert seen == [4] * 4


async def test_each_run_of_a_group_is_counted(world: World, stand: Stand) -> None:
    done = metrics.DELIVERIES.labels("probe.keep", "default", "done")
    before = done._value.get()
    for _ in range(4):
        await world.publish(Kept)

    await stand.engine.step()
    await stand.executor.finish()

    assert done._value.get() - before == 4


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


async def test_after_one_failure_the_others_share_a_second_transaction(world: World) -> None:
    database = Counted(world.database)
    await world.publish(Kept, "fail")
    for _ in range(10):
        await world.publish(Kept)

    stand = Stand(world, database)
    await stand.engine.step()
    await stand.executor.finish()

    assert await world.effects() == [1] * 10
    assert database.begun == 4  # of both groups, of the run alone, and of its failure
    assert stand.runner.sizes.of(world.container.registry().handler("probe.keep")) == 16


async def test_a_batch_ends_with_the_group_of_its_last_jobs(world: World, stand: Stand) -> None:
    async with world.unit_of_work() as uow:
        async with uow.jobs.batch(then=Work(9)) as batch:
            await batch.enqueue_many([Work(number) for number in range(4)])
        await uow.commit()

    await stand.engine.step()
    await stand.executor.finish()

    assert [row["payload"]["number"] for row in await world.deliveries()] == [*range(4), 9]


async def test_two_that_fail_have_an_attempt_each_and_the_others_run_alone_without_one(
    world: World,
) -> None:
    database = Counted(world.database)
    stand = Stand(world, database)
    broken = {await world.publish(Kept, "fail"), await world.publish(Kept, "fail")}
    sound = [await world.publish(Kept) for _ in range(6)]

    await stand.engine.step()
    await stand.executor.finish()

    rows = {row["id"]: row["stream_id"] for row in await world.deliveries()}
    assert {rows[row["delivery_id"]] for row in await world.attempts()} == broken
    assert [await world.effects(stream) for stream in sound] == [[1]] * 6
    # Two groups, two runs alone, their two failures, and each of the others.
    assert database.begun == 12


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


async def test_a_job_that_was_cancelled_before_its_group_began_is_not_run(
    world: World, stand: Stand
) -> None:
    for number in range(4):
        await world.enqueue(Work(number, acts=["do"]), key=f"{number}")
    claims = await claimed(world, stand)
    await world.cancel(Work, "2")

    await Groups(stand.runner).run(claims)

    assert len(world.folder.starts("probe.work")) == 3


@on_postgresql  # on SQLite a cancellation waits for the end of the group
@pytest.mark.parametrize("number", [1, -1], ids=["with a result", "without a result"])
async def test_jobs_that_are_cancelled_while_their_group_runs_leave_no_effect(
    world: World, stand: Stand, number: int
) -> None:
    for key in range(3):
        await world.enqueue(Work(number, acts=["wait"]), key=f"{key}")
    claims = await claimed(world, stand)
    running = asyncio.create_task(Groups(stand.runner).run(claims))
    await until(lambda: len(world.folder.starts("probe.work")) == 1)

    answers = [await world.cancel(Work, f"{key}") for key in range(3)]
    world.folder.open_gate()
    await running

    assert answers == [Cancellation.WILL_STOP] * 3
    assert await world.effects() == []
    assert await world.states() == ["cancelled"] * 3


async def test_after_a_deadlock_each_runs_alone(world: World) -> None:
    refusing = Refusing(world.database, deliveries.FINISH_GROUP, error=DatabaseUnavailable())
    for _ in range(5):
        await world.publish(Kept)

    await Stand(world, refusing).engine.drain()

    assert refusing.refused == 1
    assert await world.effects() == [1] * 5
    assert await world.attempts() == []


@on_postgresql
async def test_a_group_that_loses_a_real_deadlock_is_repeated_and_nobody_is_blamed(
    world: World,
) -> None:
    settings = world.settings.model_copy(update={"database_timeout_seconds": 10})
    patient = World(settings, world.folder.path)  # the server looks for deadlocks after a second
    await patient.database.open()
    await world.publish(Kept, stream=MEETING)
    await world.container.engine().drain()
    streams = [await world.publish(Kept, "touch+wait+meet") for _ in range(3)]
    stand = Stand(patient, patient.database)

    async with patient.database.transaction() as other:
        await other.execute(TOUCH, {"probe_id": MEETING})
        await stand.engine.step()
        await until(lambda: len(world.folder.starts("probe.keep")) == 1)
        world.folder.open_gate()
        await until(lambda: is_waiting(world))
        for stream in streams:  # the group holds one of them
            await other.execute(TOUCH, {"probe_id": stream})
        await other.commit()
    await stand.executor.finish()
    await patient.database.close()

    assert [await world.effects(stream) for stream in streams] == [[1]] * 3
    assert await world.attempts() == []
    assert {row["attempts"] for row in await world.deliveries()} == {1}


async def is_waiting(world: World) -> bool:
    """Return whether a transaction waits for the lock of another."""
    waiting = text("SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
    return bool(await world.fetch(waiting))


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


async def test_the_late_run_of_a_group_has_failed_and_the_others_are_given_back_untried(
    world: World, stand: Stand
) -> None:
    await world.publish(Kept)
    late = await world.publish(Kept, "wait")
    await world.publish(Kept)
    claims = await claimed(world, stand)
    running = asyncio.create_task(Groups(stand.runner).run(claims, is_late=lambda: True))
    await until(lambda: len(world.folder.starts("probe.keep")) == 1)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert await world.states() == ["ready"] * 3
    attempts = {row["stream_id"]: row["attempts"] for row in await world.deliveries()}
    assert attempts.pop(late) == 1
    assert set(attempts.values()) == {0}
    assert [row["error_class"] for row in await world.attempts()] == ["TimeoutError"]
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
