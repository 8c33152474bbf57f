"""What is measured: each returns its figures of one round, by name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench.http import data, traffic
from bench.http.compare import compare
from bench.http.cores import Cores
from bench.http.load import NotAnswered, load
from bench.http.process import OURS
from bench.http.serving import Server, Servers
from bench.servers import Postgres

Figures: TypeAlias = dict[str, float]
Measurement: TypeAlias = Callable[[], Awaitable[Figures]]

FASTAPI: Final = "fastapi_asyncpg"
IDLE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the measurements stand on."""

    stack: AsyncExitStack
    postgres: Postgres
    servers: Servers
    folder: Path
    cores: Cores
    fill: Callable[..., Awaitable[data.Data]]

    async def database(self, *, tasks: int, long_list: int = 0) -> tuple[str, data.Data]:
        address = await self.postgres.new_database()
        return address, await self.fill(address, tasks=tasks, long_list=long_list)

    def loading(
        self, name: str, requests: Sequence[bytes], server: Server, **how: Any
    ) -> Measurement:
        """Return what sends these requests to a server."""
        file = traffic.written(requests, self.folder / f"{name}.requests")
        return partial(_loading, server, file, how)


async def _loading(server: Server, file: Path, how: Mapping[str, Any]) -> Figures:
    before = server.cpu_seconds()
    try:
        figures = await load(file, port=server.port, **how)
    except NotAnswered as error:
        message = f"{server.name}, {file.stem}: {error}"
        raise NotAnswered(message) from error
    microseconds = (server.cpu_seconds() - before) * 1e6
    return figures | {"cpu": microseconds / figures["requests"]}


async def beside_others(
    stage: Stage, contestants: Sequence[str], address: str, rows: data.Data, *, seconds: int
) -> tuple[dict[str, Measurement], Server]:
    """W1 to W4, each contestant on the same rows; and the one that is ours."""
    servers = [await stage.servers.start(name, address, stage.cores.server) for name in contestants]
    requests = traffic.workloads(rows)
    await compare(servers, requests, address)
    measurements = {
        f"{kind} {server.name}": stage.loading(kind, requests[kind], server, seconds=seconds)
        for kind in requests
        for server in servers
    }
    for server in servers:
        if server.name in {OURS, FASTAPI}:
            path = traffic.HEALTH if server.name == OURS else traffic.EMPTY
            measurements[f"W4 {server.name}"] = stage.loading(
                f"W4-{server.name}", [traffic.get(path)], server, seconds=seconds
            )
    return measurements, servers[0]


async def starting(stage: Stage, address: str) -> Figures:
    """Seconds until the first answer, and the megabytes of a process that then does nothing."""
    async with stage.servers.running(OURS, address, stage.cores.server) as server:
        await asyncio.sleep(IDLE_SECONDS)
        return {"seconds": server.seconds_to_first_answer, "memory": server.memory()}
