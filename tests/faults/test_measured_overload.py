"""How much of its capacity the service still does at three times that load."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.overload.measurements import FULL, measure
from bench.overload.mixes import mixes
from tests.faults.test_overload import SETTINGS
from tests.support.ports import free_port
from tests.support.sockets import start


@pytest.fixture(scope="module")
def port(
    another_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    address, port = another_database("postgresql", "overload"), free_port()
    folder: Path = tmp_path_factory.mktemp("overload")
    service = "bench.overload.service"
    running = start(folder, port, module=service, DATABASE_URL=address, **SETTINGS)
    yield port
    running.kill()


async def test_three_times_the_capacity_is_survived_in_each_mix(port: int) -> None:
    for mix in await mixes(port):
        found = await measure(port, mix, FULL)
        print(mix.name, {name: round(value, 3) for name, value in found.items()})  # noqa: T201
        assert found["busy"] <= 0.7, "the generator had too much to do: the rest says nothing"
        assert found["goodput"] >= 0.8
        assert found["refusals"] <= 300
        assert found["health"] <= 100
        assert found["critical"] >= 99
        assert found["recovery"] <= 5
        assert found["shed"] == 0
