"""Answers without an end, and what happens to answers when the server stops."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.sse import EventSourceResponse
from starlette.responses import StreamingResponse

from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.server import served
from tests.support.sockets import Reply, connected

closed: list[str] = []


async def tick(name: str) -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"data: tick\n\n"
            await asyncio.sleep(0.05)
    finally:
        closed.append(name)


async def events() -> StreamingResponse:
    return StreamingResponse(tick("events"), media_type="text/event-stream")


async def silent_events() -> StreamingResponse:
    async def wait() -> AsyncIterator[bytes]:
        yield b"data: one\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(wait(), media_type="text/event-stream")


async def lines() -> StreamingResponse:
    return StreamingResponse(tick("lines"), media_type="application/x-ndjson")


async def in_a_thread() -> StreamingResponse:
    def tick() -> Iterator[bytes]:
        while True:
            yield b"data: tick\n\n"
            time.sleep(0.05)

    return StreamingResponse(tick(), media_type="text/event-stream")


async def late() -> StreamingResponse:
    await asyncio.sleep(0.7)  # the server stops meanwhile
    return StreamingResponse(tick("late"), media_type="text/event-stream")


async def slow() -> list[str]:
    await asyncio.sleep(0.7)
    return ["whole"]


async def events_of_fastapi() -> AsyncIterator[dict[str, int]]:
    for number in range(1000):
        yield {"number": number}
        await asyncio.sleep(0.05)


def build() -> Service:
    router, theirs = ApiRouter(), APIRouter()
    for endpoint in (events, silent_events, lines, in_a_thread, late, slow):
        router.get(f"/{endpoint.__name__}", endpoint, access=PUBLIC, response_model=None)
    theirs.get("/events_of_fastapi", response_class=EventSourceResponse)(events_of_fastapi)
    app = Service(report=print)
    app.add(router)
    app.mount_router(theirs, access=PUBLIC)
    return app


def asked(port: int, path: str) -> socket.socket:
    connection = connected(port)
    connection.sendall(b"GET /%b HTTP/1.1\r\nHost: test\r\n\r\n" % path.encode())
    return connection


def rest_of(connection: socket.socket) -> bytes:
    received = b""
    with connection:
        while part := connection.recv(65536):
            received += part
    return received


def answered_while_the_server_stops(path: str, *, begun: bytes) -> tuple[bytes, float]:
    """Return what a client gets whose request came before the stop, and how long stopping takes."""
    with served(build()) as address:
        connection, received = asked(int(address.rpartition(":")[2]), path), b""
        while begun not in received:
            received += connection.recv(65536)
        time.sleep(0.2)
        started = time.monotonic()
    seconds = time.monotonic() - started
    return received + rest_of(connection), seconds


@pytest.fixture
def complaints(caplog: pytest.LogCaptureFixture) -> Iterator[list[Any]]:
    """What the server logs as errors."""
    with caplog.at_level(logging.ERROR, logger="uvicorn.error"):
        yield caplog.records


@pytest.mark.parametrize("path", ["events", "silent_events", "in_a_thread", "events_of_fastapi"])
def test_a_stopping_server_ends_server_sent_events_at_once(
    path: str, complaints: list[Any]
) -> None:
    received, seconds = answered_while_the_server_stops(path, begun=b"data: ")
    assert seconds < 3
    assert received.endswith(b"0\r\n\r\n")
    assert complaints == []


def test_a_stopping_server_cuts_other_streams_visibly(
    complaints: list[Any],
) -> None:
    closed.clear()
    received, seconds = answered_while_the_server_stops("lines", begun=b"data: ")
    assert seconds < 3
    assert not received.endswith(b"0\r\n\r\n")
    assert closed == ["lines"]
    assert complaints == []


def test_a_stopping_server_completes_an_answer_with_a_length() -> None:
    received, _ = answered_while_the_server_stops("slow", begun=b"")
    assert Reply(received).json() == ["whole"]


def test_a_new_stream_is_refused_while_the_server_stops() -> None:
    received, seconds = answered_while_the_server_stops("late", begun=b"")
    answer = Reply(received)
    assert (answer.status, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert seconds < 3


def test_a_disconnected_client_ends_its_stream() -> None:
    closed.clear()
    with served(build()) as address:
        connection = asked(int(address.rpartition(":")[2]), "events")
        connection.recv(65536)
        connection.close()
        deadline = time.monotonic() + 5
        while closed != ["events"] and time.monotonic() < deadline:
            time.sleep(0.02)
    assert closed == ["events"]
