"""What more of something costs, or brings: pages, rows, processes, workers."""

from functools import partial
from typing import Final
from urllib.parse import quote

from bench.events.service import Bench, bench_settings, opened
from bench.events.workloads import delivering
from bench.http import data, traffic
from bench.http.measurements import Figures, Measurement, Stage
from bench.http.process import OURS
from bench.http.serving import Server
from bench.http.wire import ask
from bench.processes import process
from tests.support.probe.child import environment

PAGES: Final = (1, 10, 100, 1_000, 10_000)
PAGE_SIZE: Final = 20
LONG_LIST: Final = PAGES[-1] * PAGE_SIZE + 1
WALKING_SIZE: Final = 100
FEWER_ROWS: Final = (10_000, 100_000)
DELIVERIES: Final = 2_000
WORKERS: Final = (1, 2)


async def deep_pages(stage: Stage, server: Server, rows: data.Data) -> dict[str, Measurement]:
    """One page of a long list, at several depths, one request at a time."""
    requests = await _pages(server, rows.hoarder)
    return {
        f"page {number}": stage.loading(
            f"page-{number}", [request], server, seconds=1, connections=1
        )
        for number, request in requests.items()
    }


async def _pages(server: Server, hoarder: data.Caller) -> dict[int, bytes]:
    """Walk along the list, in larger steps where there is room; return requests of pages."""
    requests, cursor, seen = {}, None, 0
    for number in PAGES:
        until = (number - 1) * PAGE_SIZE
        while seen < until:
            size = min(WALKING_SIZE, until - seen)
            answer = await ask(server.port, _page(hoarder, size, cursor))
            cursor, seen = answer.body["next_cursor"], seen + size
        requests[number] = _page(hoarder, PAGE_SIZE, cursor)
    return requests


def _page(hoarder: data.Caller, size: int, cursor: str | None) -> bytes:
    place = f"&cursor={quote(cursor)}" if cursor else ""
    return traffic.get(f"{traffic.TASKS}?limit={size}{place}", hoarder)


async def more_rows(
    stage: Stage, server: Server, filled: data.Data, *, tasks: int
) -> dict[str, Measurement]:
    """W1 and W2 where there are few rows and where there are many, one request at a time."""
    measurements = _of_rows(stage, server, filled, tasks)
    for count in FEWER_ROWS:
        address, fewer = await stage.database(tasks=count)
        smaller = await stage.servers.start(OURS, address, stage.cores.server)
        measurements |= _of_rows(stage, smaller, fewer, count)
    return measurements


def _of_rows(stage: Stage, server: Server, filled: data.Data, count: int) -> dict[str, Measurement]:
    requests = traffic.workloads(filled)
    return {
        f"{kind} of {count}": stage.loading(
            f"{kind}-of-{count}", requests[kind], server, seconds=1, connections=1
        )
        for kind in ("W1", "W2")
    }


async def more_processes(
    stage: Stage, address: str, filled: data.Data, *, seconds: int
) -> dict[str, Measurement]:
    """W1 and W4 by two processes; with two cores the second one is that of load and database."""
    two = await stage.servers.start(OURS, address, stage.cores.two, WEB_CONCURRENCY="2")
    requests = {
        "W1": traffic.workloads(filled)["W1"],
        "W4": [traffic.get(traffic.HEALTH)],
    }
    return {
        f"{kind} 2 processes": stage.loading(f"{kind}-2", sent, two, seconds=seconds)
        for kind, sent in requests.items()
    }


async def more_workers(stage: Stage) -> dict[str, Measurement]:
    """Deliveries a second by one worker and by two, each with a database of its own."""
    measurements: dict[str, Measurement] = {}
    for count in WORKERS:
        address = await stage.postgres.new_database()
        settings = bench_settings(address, stage.folder, events="worker")
        bench = await stage.stack.enter_async_context(opened(settings))
        for number in range(count):
            started = process(
                *("bench.events.process", "relay"),  # without Celery it is a worker
                environment=environment(settings),
                log=stage.folder / f"worker-{count}-{number}.log",
                cores=stage.cores.server if count == 1 else stage.cores.two,
            )
            await stage.stack.enter_async_context(started)
        measurements[f"{count} workers"] = partial(_delivering, bench)
    return measurements


async def _delivering(bench: Bench) -> Figures:
    (rate,) = await delivering(bench, count=DELIVERIES)
    return {"rate": rate}
