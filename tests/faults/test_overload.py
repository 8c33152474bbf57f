"""Three times as much is asked as the service can do; `test_measured_overload.py` measures it."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from bench.overload.load import offer, steady
from bench.overload.mixes import HEALTH, POOL_SIZE, REFRESH, mixes
from bench.overload.service import SLEEP_SECONDS
from tests.support.ports import free_port
from tests.support.sockets import start

CAPACITY: Final = POOL_SIZE / SLEEP_SECONDS
SETTINGS: Final = {
    "DATABASE_POOL_SIZE": str(POOL_SIZE),
    "EVENTS": "worker",
    "LOG_LEVEL": "ERROR",
    "RATE_LIMITS": "false",
}


@pytest.fixture
def port(another_database: Callable[[str, str], str], tmp_path: Path) -> Iterator[int]:
    address, port = another_database("postgresql", "overload"), free_port()
    service = "bench.overload.service"
    running = start(tmp_path, port, module=service, DATABASE_URL=address, **SETTINGS)
    yield port
    running.kill()


async def test_too_many_requests_are_refused_at_once_and_critical_ones_never(port: int) -> None:
    _, database, _ = await mixes(port, people=1)
    offered = steady(3 * CAPACITY, 4)
    overloaded = await offer(port, database.requests, offered)
    assert Counter(each.status for each in overloaded.sent).keys() == {200, 503}

    probed = steady(3 * CAPACITY, 2)
    requests = [*database.requests * 4, HEALTH, REFRESH]
    mixed = await offer(port, requests, probed)
    of_each = {request: Counter[int]() for request in requests}
    for number, each in enumerate(mixed.sent):
        of_each[requests[number % len(requests)]][each.status] += 1
    assert of_each[HEALTH].keys() == {200}
    assert of_each[REFRESH].keys() == {401}
