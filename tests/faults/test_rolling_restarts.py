"""Restarts under load lose no request: behind load balancers, and with a socket that is passed."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import pytest

from tests.faults.conftest import Rounds
from tests.support.fronts import Front, NoFront, found
from tests.support.ports import free_port
from tests.support.server import Command, Running, is_answering
from tests.support.sockets import LIVE, POST, connected, next_answer
from tests.support.untiring import untiring

CLIENTS: Final = 32
PAUSE_SECONDS: Final = 0.005
DRAIN_SECONDS: Final = 1.2
LONGEST_STOP: Final = 30.0
BODY: Final = b'{"refresh_token":"unknown"}'
HEAD: Final = POST + b"Content-Length: %d\r\n\r\n" % len(BODY)
READY: Final = LIVE.replace(b"live", b"ready")
WELL: Final = "well"
LIVE_CODE, REFRESHED_CODE = 200, 401
KEEPS: Final = {
    "DRAIN_SECONDS": str(DRAIN_SECONDS),
    "EVENTS": "worker",
    "LOG_LEVEL": "ERROR",
    "RATE_LIMITS": "false",
}


# --- The clients ---------------------------------------------------------------------------------


def _ask_on_and_on(port: int, theirs: Connection) -> None:
    theirs.send(asyncio.run(_until_told(port, theirs)))


async def _until_told(port: int, told: Connection) -> Counter[str]:
    answers, is_over = Counter[str](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(_ask(port, answers, is_over, number))
        told.send("begun")
        await asyncio.to_thread(told.recv)
        is_over.set()
    return answers


async def _ask(port: int, answers: Counter[str], is_over: asyncio.Event, number: int) -> None:
    """Send one request after another, over one connection while that is kept."""
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while not is_over.is_set():
        number += 1
        parts, expected = [([LIVE], LIVE_CODE), ([HEAD, BODY], REFRESHED_CODE)][number % 2]
        try:
            reader, writer = connection or await asyncio.open_connection("127.0.0.1", port)
            for part in parts[:-1]:
                writer.write(part)
                await asyncio.sleep(PAUSE_SECONDS)  # so a body comes later than its head
            writer.write(parts[-1])
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            body = await reader.readexactly(int(length))
        except (OSError, asyncio.IncompleteReadError) as error:
            answers[f"{type(error).__name__} for {parts[0][:20]!r}"] += 1
            connection = None
            continue
        status = int(head[9:12])
        answers[WELL if status == expected else f"{status} for {parts[0][:20]!r}: {body!r}"] += 1
        is_kept = b"connection: close" not in head
        connection = (reader, writer) if is_kept else None
        if not is_kept:
            writer.close()
    if connection:
        connection[1].close()


# --- The service ---------------------------------------------------------------------------------


def start(folder: Path, port: int) -> Running:
    folder.mkdir(exist_ok=True)
    running = Command(folder, {**KEEPS, "PORT": str(port)}).start("serve")
    running.wait_until(lambda: is_answering(port) and is_ready(port))
    return running


def is_ready(port: int) -> bool:
    with connected(port) as connection:
        connection.sendall(READY)
        return next_answer(connection) == LIVE_CODE


@contextmanager
def half_sent(port: int) -> Iterator[None]:
    """Send half of a body before the block, and the rest of it afterwards; it must be answered."""
    with connected(port) as connection:
        connection.sendall(HEAD + BODY[:5])
        yield
        connection.sendall(BODY[5:])
        assert next_answer(connection) == REFRESHED_CODE


def ask_to_stop(running: Running) -> float:
    """Return when it was asked, after half of the drain."""
    began = time.monotonic()
    running.process.terminate()
    time.sleep(DRAIN_SECONDS / 2)
    return began


def end(running: Running, *, since: float) -> None:
    """Wait until it has ended, which it was asked to do at a moment."""
    assert running.ended() == 0
    assert time.monotonic() - since < LONGEST_STOP


@pytest.fixture(params=["haproxy", "nginx"])
def front(request: pytest.FixtureRequest, note_tool: Callable[[str], None]) -> Front:
    try:
        front = found(request.param)
    except NoFront as error:
        note_tool(str(error))
        pytest.skip(str(error))
    note_tool(f"{front.kind} {front.version}")
    return front


def test_rolling_restarts_behind_a_load_balancer_lose_no_request(
    front: Front, tmp_path: Path, rounds: Rounds
) -> None:
    port, *ports = (free_port() for _ in range(3))
    services = dict[int, Running]()
    with ExitStack() as stack:

        def begin(port: int) -> None:
            services[port] = start(tmp_path / str(port), port)
            stack.callback(services[port].kill)

        for each in ports:
            begin(each)
        stack.enter_context(front.before(ports, tmp_path, port))
        time.sleep(1)  # until it has found out that all are ready
        with untiring(_ask_on_and_on, port) as answers:
            for _ in range(rounds(1, share=4)):
                for each in ports:
                    time.sleep(1)  # the same for the one that was started before
                    with half_sent(port):
                        began = ask_to_stop(services[each])
                    end(services[each], since=began)
                    begin(each)
    assert answers.keys() == {WELL}, answers
    assert answers[WELL] > CLIENTS


def test_restarts_on_a_passed_socket_lose_no_request(tmp_path: Path, rounds: Rounds) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener, ExitStack() as stack:
        port = listener.getsockname()[1]
        command = Command(tmp_path, KEEPS)
        running = command.start_on(listener, "serve")
        stack.callback(running.kill)
        running.wait_until(lambda: is_ready(port))
        with untiring(_ask_on_and_on, port) as answers:
            for _ in range(rounds(1, share=4)):
                time.sleep(0.5)
                with half_sent(port):
                    began = ask_to_stop(running)
                end(running, since=began)
                running = command.start_on(listener, "serve")
                stack.callback(running.kill)
                running.wait_until(lambda: is_ready(port))
            with closing(connected(port)) as last:
                last.sendall(LIVE)
                assert next_answer(last) == LIVE_CODE
    assert answers.keys() == {WELL}, answers
    assert answers[WELL] > CLIENTS
