"""How much the most expensive bodies of one account slow down other users."""

import statistics
from collections.abc import Iterator
from typing import Final

import httpx2
import pytest

from tests.modules.note import PROCESS
from tests.support.flood import seconds_that_answers_take
from tests.support.hostile import sending
from tests.support.people import PASSWORD
from tests.support.ports import free_port
from tests.support.sockets import start

CONNECTIONS: Final = 4
SECONDS: Final = 10.0
MOST_SECONDS: Final = 0.020
NOTE_BYTES: Final = 128 * 1024
VALUES: Final = 1024


def bodies(size: int, values: int) -> dict[str, bytes]:
    """Bodies of the largest allowed size, in the forms that take longest to read or to refuse."""
    room = size - 100
    return {
        "brackets in a string": b'{"title":"%s"}' % (b"[" * room),
        "escaped quotes": b'{"title":"%s"}' % (b'\\"' * (room // 2)),
        "combining marks": b'{"title":"%s"}' % ("\u0301\u0323" * (room // 4)).encode(),
        "rows of thirty marks": b'{"title":"a","text":"%s"}'
        % (("e" + "\u0301\u0323" * 15) * (min(room, 73_000) // 61)).encode(),
        "unknown fields": b"{%s}" % b",".join(b'"%x":0' % n for n in range(values)),
        "unknown fields with long names": b"{%s}"
        % b",".join(b'"%055x":0' % n for n in range(min(values, room // 62))),
        "items": b'{"title":"a","labels":[%s]}' % b",".join([b"0"] * (values - 10)),
        "more items than allowed": b"[%s]" % b",".join([b"[]"] * (room // 3)),
        "a number": b'{"title":%s}' % (b"9" * room),
        "no end": b'{"title":"%s' % (b'\\"' * (room // 2)),
    }


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    settings = {"LOG_LEVEL": "ERROR", "RATE_LIMITS": "false", "RATE_LIMIT_PER_MINUTE": "0"}
    process = start(tmp_path_factory.mktemp("bodies"), port, module=PROCESS, **settings)
    yield port
    process.kill()


@pytest.fixture(scope="module")
def token(port: int) -> str:
    """Ana's access token."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1/auth", timeout=60) as client:
        account = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana"}
        assert client.post("/register", json=account).status_code == 202
        form = {"username": "ana@example.com", "password": PASSWORD}
        token: str = client.post("/token", data=form).json()["access_token"]
    return token


def request_with(token: str, body: bytes) -> bytes:
    return (
        b"POST /api/v1/notes HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (token.encode(), len(body), body)
    )


async def test_the_worst_bodies_of_one_account_cost_others_little_time(
    port: int, token: str
) -> None:
    async def p99() -> float:
        taken = await seconds_that_answers_take(port, token, ["/health/live"], lasting=SECONDS)
        return statistics.quantiles(taken, n=100)[-1]

    await p99()  # warm up
    calm = await p99()
    requests = [request_with(token, body) for body in bodies(NOTE_BYTES, VALUES).values()]
    with sending(port, requests, connections=CONNECTIONS) as answers:
        busy = await p99()
    print(f"p99 {calm * 1000:.1f} ms calm, {busy * 1000:.1f} ms busy; {dict(answers)}")  # noqa: T201
    assert answers.keys() <= {201, 400, 422}
    assert busy <= MOST_SECONDS
