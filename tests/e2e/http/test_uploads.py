"""Uploads to a real port: longer than any JSON body, and never whole in memory."""

import hashlib
import http.client
import json
import time
import tracemalloc
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Form, UploadFile

from app.core.http.bodies import KIB
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.server import served

MIB = 1024 * KIB
SOON = 0.3
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
TAIL = b'\r\n--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nHoliday\r\n--b--\r\n'


async def keep(file: UploadFile, title: Annotated[str, Form()]) -> dict[str, Any]:
    digest, most = hashlib.sha256(), 0
    while part := await file.read(64 * KIB):
        digest.update(part)
        most = max(most, tracemalloc.get_traced_memory()[1])
    return {"sha256": digest.hexdigest(), "title": title, "size": file.size, "memory": most}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Service(report=print, ingress=IngressPolicy(body_seconds=SOON))
    ours, theirs = ApiRouter("/ours"), APIRouter(prefix="/theirs")
    ours.post("", keep, access=PUBLIC, body_limit=20 * MIB, by_fastapi=True)
    theirs.post("", max_body_size=20 * MIB)(keep)
    theirs.post("/small")(keep)
    app.add(ours)
    app.mount_router(theirs, access=PUBLIC)
    with served(app) as address:
        yield int(address.rpartition(":")[2])


def sent(
    port: int, path: str, size: int, *, part: int = 256 * KIB, pause: float = 0.0
) -> tuple[int, Any]:
    """Send a file of so many bytes, in parts, and return the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", str(len(HEAD) + size + len(TAIL)))
        connection.endheaders(HEAD)
        for _ in range(size // part):
            connection.send(b"a" * part)
            time.sleep(pause)
        connection.send(TAIL)
    except ConnectionError:
        pass  # the answer has arrived already
    answer = connection.getresponse()
    try:
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/ours", "/theirs"])
def test_a_file_arrives_whole_and_is_not_held_in_memory(port: int, path: str) -> None:
    tracemalloc.start()
    try:
        status, answer = sent(port, path, 12 * MIB)
    finally:
        tracemalloc.stop()
    assert (status, answer["title"], answer["size"]) == (200, "Holiday", 12 * MIB)
    assert answer["sha256"] == hashlib.sha256(b"a" * 12 * MIB).hexdigest()
    assert answer["memory"] < 5 * MIB


@pytest.mark.parametrize(("path", "size"), [("/ours", 21 * MIB), ("/theirs/small", 64 * KIB)])
def test_a_file_over_the_limit_of_its_route_is_refused(port: int, path: str, size: int) -> None:
    status, answer = sent(port, path, size, part=64 * KIB)
    assert (status, answer["code"]) == (413, "payload_too_large")


def test_a_long_file_has_no_deadline_while_it_makes_progress(port: int) -> None:
    status, _ = sent(port, "/ours", 2 * MIB, pause=0.2)
    assert status == 200


def test_a_file_that_arrives_too_slowly_is_refused(port: int) -> None:
    status, answer = sent(port, "/ours", 20 * KIB, part=KIB, pause=0.1)
    assert (status, answer["code"]) == (408, "request_timeout")
