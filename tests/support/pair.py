"""Two processes of the service on one database, as behind a load balancer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import httpx2

from tests.modules.note import PROCESS
from tests.support.people import PASSWORD
from tests.support.ports import free_port
from tests.support.server import Command, is_answering

Pair = list[httpx2.AsyncClient]

EMAIL = "ana@example.com"
AT_ONCE = 20


@asynccontextmanager
async def pair_of_services(folder: Path, **settings: str) -> AsyncIterator[Pair]:
    """A client of each, and an account in their common database."""
    shared = {
        "JWT_SECRET_KEY": "a key for tests only, and long enough",
        "DATABASE_TIMEOUT_SECONDS": "60",  # a busy machine is no failure of the service
        "LOG_LEVEL": "ERROR",
        "EVENTS": "worker",
        "RATE_LIMITS": "false",
        **settings,
    }
    async with AsyncExitStack() as stack:
        clients: Pair = []
        for name in ("first", "second"):
            port = free_port()
            (folder / name).mkdir()
            service = Command(folder / name, {**shared, "PORT": str(port)}, PROCESS).start("serve")
            stack.callback(service.kill)
            await asyncio.to_thread(service.wait_until, partial(is_answering, port))
            client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60)
            clients.append(await stack.enter_async_context(client))
        account = {"email": EMAIL, "password": PASSWORD, "full_name": "Ana Example"}
        answer = await clients[0].post("/auth/register", json=account)
        assert answer.status_code == 202, answer.text
        yield clients


async def sign_in(client: httpx2.AsyncClient) -> dict[str, str]:
    answer = await client.post("/auth/token", data={"username": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    pair: dict[str, str] = answer.json()
    return pair


async def refresh_at_once(pair: Pair, token: str) -> list[httpx2.Response]:
    """Present a token twenty times at the same moment, ten times to each process."""
    barrier = asyncio.Barrier(AT_ONCE)

    async def present(client: httpx2.AsyncClient) -> httpx2.Response:
        await client.get(
            f"{client.base_url.copy_with(path='/health/live')}"
        )  # its connection is open before it counts
        await barrier.wait()
        return await client.post("/auth/refresh", json={"refresh_token": token})

    return await asyncio.gather(*(present(pair[number % 2]) for number in range(AT_ONCE)))


async def race(pair: Pair, rounds: int) -> None:
    """One of twenty that present a token gets a pair, which is invalid afterwards."""
    for number in range(rounds):
        first = await sign_in(pair[number % 2])
        answers = await refresh_at_once(pair, first["refresh_token"])
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] + [401] * (AT_ONCE - 1), f"round {number}"
        [won] = [answer.json() for answer in answers if answer.status_code == 200]
        for client in pair:
            body = {"refresh_token": won["refresh_token"]}
            assert (await client.post("/auth/refresh", json=body)).status_code == 401
