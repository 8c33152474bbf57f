"""The service as users run it: one process, or an API and a worker beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import httpx2

from tests.support.metrics import TOKEN, asked
from tests.support.people import Person
from tests.support.ports import free_port
from tests.support.server import PATIENCE_SECONDS, Command, Running, is_answering

SHAPES: Final = ("embedded", "worker")
EMAIL: Final = "ana@example.com"


@dataclass
class RunningService:
    """`deliverer` is the port of the process that delivers, where its metrics are."""

    client: httpx2.AsyncClient
    password: str
    processes: list[Running]
    deliverer: int

    async def metrics(self) -> str:
        return await asyncio.to_thread(asked, self.deliverer)

    async def sign_in(self) -> Person:
        """Return Ana, an administrator."""
        return await Person.sign_in(self.client, EMAIL, self.password)

    async def until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        """Return when the condition holds. Fails with the logs if that takes too long."""

        def logs() -> str:
            return "\n".join(process.output for process in self.processes)

        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await is_so():
                    assert all(process.is_alive for process in self.processes), logs()
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"not in time:\n{logs()}") from None


@asynccontextmanager
async def running_service(
    shape: str, folder: Path, *, module: str = "app", **settings: str
) -> AsyncIterator[RunningService]:
    """Serve it in one of the SHAPES, or with Celery, with an account, while the block runs."""
    port = free_port(in_a_row=4)
    shared = {
        "JWT_SECRET_KEY": "a key for tests only, and long enough",
        "DATABASE_TIMEOUT_SECONDS": "60",  # a busy machine is no failure of the service
        "LOG_LEVEL": "WARNING",
        "EVENTS": shape,
        "RATE_LIMITS": "false",
        "METRICS_TOKEN": TOKEN,
        "PORT": str(port),
        **settings,
    }
    async with AsyncExitStack() as stack:

        def command(name: str, **more: str) -> Command:
            (folder / name).mkdir()
            return Command(folder / name, {**shared, **more}, module)

        async def done(of: Command, *arguments: str) -> str:
            ended = await asyncio.to_thread(of.run, *arguments)
            assert ended.returncode == 0, ended.stderr
            return ended.stdout

        async def started(of: Command, kind: str, its_port: int) -> Running:
            running = of.start(kind)
            stack.callback(running.kill)
            await asyncio.to_thread(running.wait_until, partial(is_answering, its_port))
            return running

        api = command("api")
        await done(api, "migrate")
        password = (await done(api, "users", "create-admin", EMAIL)).split()[-1]
        processes = [await started(api, "serve", port)]
        if shape == "worker":
            worker = command("worker", METRICS_PORT=str(port + 1))
            processes.append(await started(worker, "worker", port + 1))
        if shape == "celery":
            relay = command("relay", METRICS_PORT=str(port + 1))
            processes.append(await started(relay, "relay", port + 1))
            worker = command("worker", METRICS_PORT=str(port + 2), EVENT_PROCESSES="1")
            worker = replace(worker, is_exec=True)  # it forks, which a child of the tests may not
            processes.append(await started(worker, "worker", port + 2))
            stack.callback(processes[-1].end)
        address = f"http://127.0.0.1:{port}"
        client = httpx2.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS)
        await stack.enter_async_context(client)
        yield RunningService(client, password, processes, port + len(processes) - 1)
