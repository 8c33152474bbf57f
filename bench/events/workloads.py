"""What is measured: each returns what it saw in one round."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from sqlalchemy import update

from app.core.run_limits import DEFAULT_QUEUE
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.places import Places
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from bench.events.floor import CLIENTS
from bench.events.module import TITLE, Alone
from bench.events.service import Bench
from tests.support.brokers import empty

Workloads: TypeAlias = Mapping[str, Callable[[], Awaitable[list[float]]]]
"""What is measured in each round, in this order."""

DONE_WITH: Final = Statement(
    update(event_delivery)
    .where(is_just(event_delivery.c.state, DeliveryState.CLAIMED))
    .values(state=int(DeliveryState.DONE))
)


async def publishing(bench: Bench, *, seconds: float) -> list[float]:
    """Units of work with one event and one delivery, by several at once: how many a second."""
    deadline = time.perf_counter() + seconds

    async def publish() -> int:
        count = 0
        while time.perf_counter() < deadline:
            await bench.publish()
            count += 1
        return count

    return [sum(await asyncio.gather(*(publish() for _ in range(CLIENTS)))) / seconds]


async def delivering(bench: Bench, *, count: int) -> list[float]:
    """Deliveries a second, from the commit of all of them until the last one is done."""
    await bench.publish(*[TITLE] * count)
    began = time.perf_counter()
    await bench.until_done()
    return [count / (time.perf_counter() - began)]


async def delivering_embedded(bench: Bench, *, count: int) -> list[float]:
    async with bench.container.engine().running():
        return await delivering(bench, count=count)


async def delivering_alone(bench: Bench, *, count: int) -> list[float]:
    """The same without groups."""
    bench.container.runner().sizes = Alone()
    return await delivering_embedded(bench, count=count)


async def waking(bench: Bench, *, count: int) -> list[float]:
    """Milliseconds from a commit until the handler begins, where nothing else is to be done."""
    committed = {}
    for _ in range(count):
        await asyncio.sleep(random.uniform(0.02, 0.08))  # noqa: S311 - in step with nobody
        [record] = await bench.publish()
        committed[record] = time.monotonic()
    began = await bench.effects(committed)
    return [(began[record] - at) * 1_000 for record, at in committed.items()]


async def waking_embedded(bench: Bench, *, count: int) -> list[float]:
    async with bench.container.engine().running():
        return await waking(bench, count=count)


async def relaying(bench: Bench, *, count: int) -> list[float]:
    """Rows a second that a relay takes and sends; nobody receives them."""
    await bench.publish(*[TITLE] * count)
    engine, sent, took = bench.container.engine(), 0, 0.0
    while sent < count:
        began = time.perf_counter()
        sent += await engine.step()
        took += time.perf_counter() - began
        async with bench.database.transaction() as connection:
            await connection.execute(DONE_WITH, {})
            await connection.commit()
    if celery := bench.container.celery():
        await asyncio.to_thread(empty, celery)
    return [sent / took]


# --- Taking -------------------------------------------------------------------------------------


class Nowhere:
    """Runs nothing: what is taken stays taken."""

    counts_attempts = True
    lease = 3600.0

    def __init__(self, count: int) -> None:
        self._count = count

    async def places(self) -> list[Places]:
        return [Places(DEFAULT_QUEUE, self._count, {})]

    async def start(self, deliveries: Sequence[Claim], /) -> None: ...
    async def finish(self) -> None: ...
    async def stop(self) -> None: ...


async def claiming(bench: Bench, *, at_once: int, times: int) -> list[float]:
    """Milliseconds of each step of an engine that takes so many at once and runs none."""
    waits, runner = [], bench.container.runner()
    engine = Engine(
        bench.database, bench.container.registry(), runner, Nowhere(at_once), Notifier()
    )
    for _ in range(times):
        began = time.perf_counter()
        await engine.step()
        waits.append((time.perf_counter() - began) * 1_000)
    return waits
