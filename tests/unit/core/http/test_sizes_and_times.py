"""Bodies of every address are limited in size and time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import pytest
from pydantic import Field
from starlette.types import Message, Scope

from app.core.exceptions import Malformed
from app.core.http.bodies import ARRIVED, MAX_BODY_BYTES, REFUSED
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve

JSON = (b"content-type", b"application/json")
TOO_LONG = (b"content-length", b"%d" % (MAX_BODY_BYTES + 1))


class Note(Body):
    text: Annotated[str, Field(max_length=10)]


async def take(body: Note) -> None:
    assert body.text


async def fine() -> dict[str, bool]:
    return {"fine": True}


@pytest.fixture
def app(serve: Serve) -> Service:
    router = ApiRouter()
    router.post("/notes", take, access=PUBLIC, status_code=204)
    router.post("/closed", take, access=AUTHENTICATED, status_code=204)
    router.get("/fine", fine, access=PUBLIC)
    return serve(router, ingress=IngressPolicy(body_seconds=0.05))


def scope_of(path: str) -> Scope:
    """A request whose body comes in chunks."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"test"), JSON, (b"transfer-encoding", b"chunked")],
    }


async def exchange(
    app: Service, receive: Callable[[], Awaitable[Message]], scope: Scope
) -> tuple[int, dict[str, str]]:
    """Return the answer to a request whose body comes from `receive`."""
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/notes"), ("POST", "/closed"), ("POST", "/nothing"), ("PUT", "/notes")],
)
async def test_a_body_that_is_too_long_is_refused_before_it_is_read(
    app: Service, method: str, path: str
) -> None:
    answer = await send(app, method, path, headers=[JSON, TOO_LONG], body=iter([]))
    assert (answer.status, answer.json()["code"]) == (413, "payload_too_large")
    assert answer.header("connection") == "close"


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_missing_body_times_out(app: Service) -> None:
    status, headers = await exchange(app, never, scope_of("/notes"))
    assert (status, headers["connection"]) == (408, "close")


async def test_a_slow_body_has_one_deadline_for_all_of_it(app: Service) -> None:
    async def trickle() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b" ", "more_body": True}

    status, headers = await exchange(app, trickle, scope_of("/notes"))
    assert (status, headers["connection"]) == (408, "close")


@pytest.mark.parametrize("path", ["/nothing", "/fine", "/closed"])
async def test_a_connection_is_closed_if_its_body_is_not_read(app: Service, path: str) -> None:
    _, headers = await exchange(app, never, scope_of(path))
    assert headers["connection"] == "close"


async def test_a_connection_is_kept_if_its_body_has_arrived(app: Service) -> None:
    _, headers = await exchange(app, never, {**scope_of("/nothing"), ARRIVED: True})
    assert "connection" not in headers


async def test_an_error_of_the_server_is_answered(app: Service) -> None:
    status, _ = await exchange(app, never, {**scope_of("/fine"), REFUSED: Malformed()})
    assert status == 400


async def test_an_error_of_the_server_during_the_body_is_answered(app: Service) -> None:
    scope = scope_of("/notes")

    async def broken() -> Message:
        scope[REFUSED] = Malformed()
        return {"type": "http.request", "body": b"", "more_body": True}

    status, headers = await exchange(app, broken, scope)
    assert (status, headers["connection"]) == (400, "close")


async def test_a_cancelled_request_is_answered(app: Service) -> None:
    """The server cancels it at its end, after it has waited long enough."""
    answers: list[int] = []

    async def keep(message: Message) -> None:
        answers.append(message.get("status", 0))

    waiting = asyncio.ensure_future(app(scope_of("/notes"), never, keep))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert answers[0] == 503
