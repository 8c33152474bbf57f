"""Unread data is held in memory, so a client that reads too little is disconnected."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.core.http.server import HttpProtocol
from app.core.http.service import Service


class Loop:
    """Collects calls for later, and runs them when it is told to."""

    def __init__(self) -> None:
        self.later: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def call_later(
        self, _seconds: float, call: Callable[..., None], *arguments: Any
    ) -> asyncio.TimerHandle:
        self.later.append((call, arguments))
        return asyncio.get_running_loop().call_later(3600, call, *arguments)

    def wait(self) -> None:
        """Let the time of the check pass."""
        due = [each for each in self.later if each[0].__name__ == "_look_at_reading"]
        self.later = []
        for call, arguments in due:
            call(*arguments)


class Transport(asyncio.Transport):
    """The connection to a client that has read all but so many bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0
        self.is_cut = False

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.is_cut

    def abort(self) -> None:
        self.is_cut = True

    def close(self) -> None:
        pytest.fail("closing waits for the client")


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
async def protocol(loop: Loop, transport: Transport) -> HttpProtocol:
    app = Service(report=print)
    config = uvicorn.Config(app, log_config=None, lifespan="off")
    config.load()
    loop_of_ours: Any = loop
    protocol = HttpProtocol(config, ServerState(), {}, loop_of_ours)
    protocol.connection_made(transport)
    return protocol


def answer(protocol: HttpProtocol, transport: Transport, size: int) -> None:
    """Write a whole answer, of which the client has read nothing yet."""
    transport.unread += size
    protocol.on_response_complete()


async def test_a_client_that_reads_nothing_is_disconnected(
    protocol: HttpProtocol, transport: Transport, loop: Loop
) -> None:
    answer(protocol, transport, 100_000)
    loop.wait()
    assert transport.is_cut


async def test_a_client_that_reads_too_slowly_is_disconnected(
    protocol: HttpProtocol, transport: Transport, loop: Loop
) -> None:
    answer(protocol, transport, 100_000)
    transport.unread -= 1_000
    loop.wait()
    assert transport.is_cut


async def test_a_slow_but_steady_client_has_no_deadline(
    protocol: HttpProtocol, transport: Transport, loop: Loop
) -> None:
    answer(protocol, transport, 1_000_000)
    while transport.unread:
        transport.unread = max(0, transport.unread - HttpProtocol.LEAST_READ)
        loop.wait()
    assert not transport.is_cut
    assert not loop.later


async def test_a_new_answer_has_its_own_time(
    protocol: HttpProtocol, transport: Transport, loop: Loop
) -> None:
    answer(protocol, transport, 1_000)
    transport.unread = 0
    answer(protocol, transport, 1_000)
    loop.wait()
    assert not transport.is_cut
    loop.wait()
    assert transport.is_cut


async def test_an_unread_part_of_an_answer_disconnects_the_client(
    protocol: HttpProtocol, transport: Transport, loop: Loop
) -> None:
    transport.unread = 100_000
    protocol.pause_writing()
    loop.wait()
    assert transport.is_cut


async def test_each_part_that_was_read_gives_time_for_the_next(
    protocol: HttpProtocol, transport: Transport, loop: Loop
) -> None:
    transport.unread = 100_000
    protocol.pause_writing()
    protocol.resume_writing()
    protocol.pause_writing()
    loop.wait()
    assert not transport.is_cut
