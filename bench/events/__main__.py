"""Measure events, round by round, and print the table: see `make bench-events`."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from bench.events import floor, workloads
from bench.events.lines import LINES
from bench.events.service import TooSlow
from bench.events.setting import Setting
from bench.figures import save, summed_up, table
from bench.machine import file_system, machine
from bench.rounds import rounds, run_in_folder, say
from bench.servers import postgres, redis

Workloads: TypeAlias = Mapping[str, Callable[[], Awaitable[list[float]]]]


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
    long = await setting.backlog(streams=size.streams)
    taken_beside = size.takes * size.rounds * 4
    hot = await setting.backlog(streams=taken_beside, in_one=size.hot)
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


async def run(size: Size, folder: Path) -> None:
    about = machine() | {"files on": file_system(folder)}
    async with AsyncExitStack() as stack:
        say("Starting PostgreSQL, Redis and workers, filling backlogs …")
        server = await stack.enter_async_context(postgres())
        broker, broker_label = await stack.enter_async_context(redis())
        about |= {"postgresql": f"{server.version} ({server.origin})", "broker": broker_label}
        setting = Setting(stack, server, broker, folder)
        measured = await rounds(await prepared(setting, size), count=size.rounds)
    figures = [summed_up(line, measured) for line in LINES]
    print(f"\n{table(figures)}\n")
    print("\n".join(f"- {name}: {what}" for name, what in about.items()))
    path = save("events", figures, measured=measured, machine=about, size=asdict(size))
    say(f"\nWritten to {path}")


def _logs(_error: Exception, folder: Path) -> str:
    logs = [path.read_text(encoding="utf-8") for path in folder.glob("*.log")]
    return "\n".join(["It does not come to an end. Its processes said:", *logs])


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-events", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="at most a minute, to see that it works"
    )
    size = QUICK if parser.parse_args().quick else FULL
    run_in_folder(partial(run, size), explained={TooSlow: _logs})


if __name__ == "__main__":
    main()
