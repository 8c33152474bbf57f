"""The bars that jobs and throughput have to pass: `python -m bench.events bars`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.events import jobs, workloads
from bench.events.backlog import BEHIND_DEAD_HEADS, DUE_TOMORROW
from bench.events.before import Before
from bench.events.setting import Setting
from bench.events.workloads import Workloads
from bench.figures import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long it goes on, and with how much."""

    rounds: int
    count: int
    waits: int
    claims: int
    pairs: int
    due: int
    many: int


FULL: Final = Size(
    rounds=3, count=3_000, waits=60, claims=60, pairs=200, due=100_000, many=1_000_000
)
QUICK: Final = Size(rounds=3, count=700, waits=20, claims=30, pairs=60, due=10_000, many=50_000)


async def prepared(setting: Setting, size: Size, before: Before | None) -> Workloads:
    """Return what is measured in each round, in this order."""
    on_postgres, on_sqlite = await setting.on_postgres(), await setting.on_sqlite()
    distributed = await setting.distributed()
    empty, beside = await setting.on_postgres(), await setting.on_postgres()
    dead = await setting.backlog({BEHIND_DEAD_HEADS: size.many})
    future = await setting.backlog({DUE_TOMORROW: size.many})
    enqueued = await setting.on_postgres()
    count, waits, claims, pairs = size.count, size.waits, size.claims, size.pairs
    ours: Workloads = {
        "embedded pg": partial(workloads.delivering_embedded, on_postgres, count=count),
        "embedded sqlite": partial(workloads.delivering_embedded, on_sqlite, count=count),
        "celery": partial(workloads.delivering, distributed, count=count),
        "notify": partial(workloads.waking_embedded, on_postgres, count=waits),
        "some fail": partial(jobs.delivering_some_fail, on_postgres, count=count),
        "outside pg": partial(jobs.delivering_outside, on_postgres, count=count),
        "outside sqlite": partial(jobs.delivering_outside, on_sqlite, count=count),
        "beside slow": partial(jobs.waking_beside_slow_jobs, beside, count=waits),
        "beside many": partial(jobs.waking_beside_many, beside, count=waits, due=size.due),
        "notes": partial(jobs.delivering_notes, empty, count=count),
        "notes, dead": partial(jobs.delivering_notes, dead, count=count),
        "claim": partial(jobs.claiming_notes, empty, times=claims),
        "claim, dead": partial(jobs.claiming_notes, dead, times=claims),
        "claim, future": partial(jobs.claiming_notes, future, times=claims),
        "enqueue": partial(jobs.enqueuing, enqueued, times=pairs, publishes=False),
        "enqueue, publish": partial(jobs.enqueuing, enqueued, times=pairs, publishes=True),
        "enqueue many": partial(jobs.enqueuing_many, enqueued),
        "cancel": partial(jobs.cancelling, future, times=waits),
        "pause": partial(jobs.pausing, future, times=waits),
    }
    if before is None:
        return ours
    return before.beside(ours, counts=dict.fromkeys(THROUGHPUT, count) | {"notify": waits})


# --- The table ------------------------------------------------------------------------------------

THROUGHPUT: Final = {"embedded pg": 2.6, "embedded sqlite": 3.0, "celery": 1.8}


def lines(size: Size, *, has_before: bool) -> list[Line]:
    """Return the bars; with the code of before, also those that compare with it."""
    many, due = f"{size.many:,}", f"{size.due:,}"
    return [
        *_compared(has_before=has_before),
        _throughput("1 % of runs fail, PostgreSQL", "some fail", floor="embedded pg", at_least=0.7),
        _throughput("jobs that are not transactional, PostgreSQL", "outside pg"),
        _throughput("jobs that are not transactional, SQLite", "outside sqlite"),
        _wait(f"commit to handler beside {jobs.SLOW_JOBS} jobs of 4 s", "beside slow", 50, p=99),
        _wait(f"commit to handler beside {due} due of another", "beside many", 50, p=99),
        _wait(f"claim beside {many} streams behind dead heads", "claim, dead", 20, p=99),
        _throughput(
            f"jobs beside {many} streams behind dead heads",
            "notes, dead",
            floor="notes",
            at_least=0.9,
        ),
        Line(
            title=f"claim beside {many} future jobs",
            of="claim, future",
            unit="ms",
            floor="claim",
            goal_of_floor=1.1,
            wanted="at most",
        ),
        _wait("enqueue a job in a use case that writes a row", "enqueue", 80, unit="µs more"),
        _wait("the same where it also publishes", "enqueue, publish", 80, unit="µs more"),
        _wait(f"enqueue {jobs.AT_ONCE:,} at once", "enqueue many", 400),
        _wait(f"cancel one of {many}", "cancel", 10),
        _wait(f"pause or resume a handler with {many} jobs", "pause", 10),
    ]


def _compared(*, has_before: bool) -> Iterator[Line]:
    for of, times in THROUGHPUT.items():
        before = f"{of} before" if has_before else None
        yield _throughput(f"deliver, {of}", of, floor=before, at_least=times)
    for percent in (50, 99):
        yield Line(
            title=f"commit to handler, idle, PostgreSQL: p{percent}",
            of="notify",
            unit="ms",
            percentile=percent,
            wanted="at most",
            floor="notify before" if has_before else None,
            goal_of_floor=1.1 if has_before else None,
        )


def _throughput(
    title: str, of: str, *, floor: str | None = None, at_least: float | None = None
) -> Line:
    goal = at_least if floor else None
    return Line(title=title, of=of, unit="/s", floor=floor, goal_of_floor=goal)


def _wait(title: str, of: str, at_most: float, *, p: float = 50, unit: str = "ms") -> Line:
    return Line(
        title=f"{title}: p{p:g}", of=of, unit=unit, percentile=p, goal=at_most, wanted="at most"
    )
