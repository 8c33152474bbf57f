"""Many clients that sign in at once, in their own process, and others that just want answers.

Both use plain sockets and read no more of an answer than they need. On a machine with two cores a
client library would slow down the service that is measured.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from multiprocessing.connection import Connection
from typing import Final
from urllib.parse import urlencode

from tests.support.untiring import untiring

CALLERS: Final = 16
PACE_SECONDS: Final = 0.1  # of each caller; together they send 160 requests a second


# --- Those who want to sign in ------------------------------------------------------------------


def flood(port: int, people: list[tuple[str, str]]) -> AbstractContextManager[Counter[int]]:
    """So many clients sign in again and again while the block runs; then return the answers."""
    return untiring(_flood, port, people)


def _flood(port: int, people: list[tuple[str, str]], theirs: Connection) -> None:
    os.nice(5)  # in another process: their own work must not slow others down
    theirs.send(asyncio.run(_until_told(port, people, theirs)))


async def _until_told(port: int, people: list[tuple[str, str]], told: Connection) -> Counter[int]:
    answers: Counter[int] = Counter()
    async with asyncio.TaskGroup() as group:
        everybody = [await asyncio.open_connection("127.0.0.1", port) for _ in people]
        told.send("begun")
        tasks = [
            group.create_task(_keep_signing_in(*one, _sign_in(*person), answers))
            for one, person in zip(everybody, people, strict=True)
        ]
        await asyncio.to_thread(told.recv)
        for task in tasks:
            task.cancel()
    return answers


async def _keep_signing_in(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: bytes,
    answers: Counter[int],
) -> None:
    while True:
        writer.write(request)
        status, headers = await _answer(reader)
        answers[status] += 1
        # They retry as told; only the first sign-ins all come at one moment.
        await asyncio.sleep(float(headers.get(b"retry-after", 0)) + random.random())  # noqa: S311


def _sign_in(email: str, password: str) -> bytes:
    form = urlencode({"username": email, "password": password}).encode()
    return (
        b"POST /api/v1/auth/token HTTP/1.1\r\nHost: test\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(form), form)
    )


# --- Those who want answers ---------------------------------------------------------------------


async def seconds_that_answers_take(
    port: int, token: str, paths: list[str], *, lasting: float
) -> list[float]:
    """Send requests at a steady pace, and return how long each answer took.

    A request that could not be sent in time, because the last answer was late, has waited since its
    time. Fails if an answer is not a 200.
    """
    loop, taken = asyncio.get_running_loop(), list[float]()
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        for path in paths
    ]
    start = loop.time()

    async def ask(number: int) -> None:
        async with _connected(port) as (reader, writer):
            for turn in range(int(lasting / PACE_SECONDS)):
                since = start + (turn + number / CALLERS) * PACE_SECONDS
                if (early := since - loop.time()) > 0:
                    await asyncio.sleep(early)
                    since = loop.time()
                writer.write(requests[turn % len(requests)])
                status, _ = await _answer(reader)
                taken.append(loop.time() - since)
                assert status == 200

    async with asyncio.TaskGroup() as group:
        for number in range(CALLERS):
            group.create_task(ask(number))
    return taken


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes]]:
    """Read one whole answer."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines)}
    await reader.readexactly(int(headers.get(b"content-length", 0)))
    return int(first[9:12]), headers
