"""What events cost, compared with the fastest that the machine can do."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.events import floor, workloads
from bench.events.backlog import EACH_ITS_STREAM, ONE_STREAM
from bench.events.setting import Setting
from bench.events.workloads import Workloads


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long it goes on, and with how much."""

    rounds: int
    seconds: float
    count: int
    waits: int
    streams: int
    hot: int
    takes: int


FULL: Final = Size(
    rounds=5, seconds=2, count=3_000, waits=50, streams=1_000_000, hot=100_000, takes=60
)
QUICK: Final = Size(
    rounds=3, seconds=0.7, count=700, waits=15, streams=100_000, hot=20_000, takes=30
)


async def prepared(setting: Setting, size: Size) -> Workloads:
    """Return what is measured in each round, in this order."""
    on_postgres, on_sqlite = await setting.on_postgres(), await setting.on_sqlite()
    alone, alone_in_file = await setting.on_postgres(), await setting.on_sqlite()
    distributed_alone = await setting.distributed("worker_alone")
    distributed, nothing, relay = (
        await setting.distributed(),
        await setting.nothing(),
        await setting.relay(),
    )
    long = await setting.backlog({EACH_ITS_STREAM: size.streams})
    taken_beside = size.takes * size.rounds * 4
    hot = await setting.backlog({EACH_ITS_STREAM: taken_beside, ONE_STREAM: size.hot})
    # What is only published would else be delivered with what is measured afterwards.
    undelivered, undelivered_in_file = await setting.on_postgres(), await setting.on_sqlite()
    seconds, count, waits, times = size.seconds, size.count, size.waits, size.takes
    return {
        "floor pg": partial(floor.inserting, undelivered.address, seconds=seconds),
        "publish pg": partial(workloads.publishing, undelivered, seconds=seconds),
        "embedded pg": partial(workloads.delivering_embedded, on_postgres, count=count),
        "alone pg": partial(workloads.delivering_alone, alone, count=count),
        "floor sqlite": partial(
            floor.inserting_into_sqlite, undelivered_in_file.address, seconds=seconds
        ),
        "publish sqlite": partial(workloads.publishing, undelivered_in_file, seconds=seconds),
        "embedded sqlite": partial(workloads.delivering_embedded, on_sqlite, count=count),
        "alone sqlite": partial(workloads.delivering_alone, alone_in_file, count=count),
        "floor celery": partial(nothing, count=count),
        "celery": partial(workloads.delivering, distributed, count=count),
        "alone celery": partial(workloads.delivering, distributed_alone, count=count),
        "relay": partial(workloads.relaying, relay, count=count),
        "notify embedded": partial(workloads.waking_embedded, on_postgres, count=waits),
        "notify celery": partial(workloads.waking, distributed, count=waits),
        "claim 4": partial(workloads.claiming, long, at_once=4, times=times),
        "claim 200": partial(workloads.claiming, long, at_once=200, times=times),
        "claim hot": partial(workloads.claiming, hot, at_once=4, times=times),
    }
