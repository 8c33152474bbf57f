"""WebSockets over a real port: who may open one, which messages it takes, and when it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, WebSocket
from fastapi.exceptions import WebSocketException
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.core.exceptions import Conflict, Unauthenticated
from app.core.http import websockets
from app.core.http.cookie_authentication import CookieAuthentication
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.route_guard import RouteGuard
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.http.websockets import WebSocketLimits
from app.core.security import AUTHENTICATED, PUBLIC, Actor, scope
from tests.support.server import served
from tests.support.sockets import exchange
from tests.unit.core.http.conftest import ANA

OURS = "https://app.example.com"
TOKEN = {"Authorization": "Bearer ana"}
OFFER = b"Host: test\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n"
FEW = WebSocketLimits(connections=2, message_bytes=100, messages_per_minute=5)

signed_in: set[str] = {"ana"}
ended: list[str] = []
reported: list[Exception] = []


async def authenticate(token: str) -> Actor:
    if token not in signed_in:
        raise Unauthenticated
    return ANA


def twice(number: Annotated[int, Query()] = 1) -> int:
    return 2 * number


async def echo(websocket: WebSocket, number: Annotated[int, Depends(twice)]) -> None:
    await websocket.accept()
    await websocket.send_json({"number": number, "actor": str(websocket.scope["actor"])})
    while True:
        await websocket.send_text(await websocket.receive_text())


async def wait(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("wait")


async def leave(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await websocket.receive_text()
    except WebSocketDisconnect as left:
        ended.append(f"left with {left.code}")


async def refuse(websocket: WebSocket) -> None:
    raise Conflict


async def raise_http(websocket: WebSocket) -> None:
    await websocket.accept()
    raise HTTPException(409, "not now")


async def raise_theirs(websocket: WebSocket) -> None:
    await websocket.accept()
    raise WebSocketException(4000, "as they say")


async def defect(websocket: WebSocket) -> None:
    await websocket.accept()
    raise ZeroDivisionError


async def nothing() -> dict[str, str]:
    return {"it is": "HTTP"}


def build() -> Service:
    guard = RouteGuard(
        authenticate=authenticate,
        cookie_authentication=CookieAuthentication(
            authenticate, frozenset({b"https://app.example.com"})
        ),
    )
    app = Service(report=reported.append, guard=guard)
    app.websocket("/echo", echo, access=AUTHENTICATED)
    app.websocket("/few", echo, access=AUTHENTICATED, limits=FEW)
    app.websocket("/open", echo, access=PUBLIC)
    app.websocket("/closed", echo, access=scope("note:write"))
    for endpoint in (wait, leave, refuse, raise_http, raise_theirs, defect):
        app.websocket(f"/{endpoint.__name__}", endpoint, access=AUTHENTICATED)
    router = APIRouter(prefix="/router")
    router.websocket("/echo")(echo)
    app.mount_router(router, access=AUTHENTICATED)
    inside = FastAPI()
    inside.websocket("/echo")(echo)
    app.mount("/inside", inside, access=AUTHENTICATED)
    plain = ApiRouter()
    plain.get("/plain", nothing, access=PUBLIC)
    app.add(plain)
    return app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(build()) as address:
        yield address.replace("http", "ws")


Open = Callable[..., Awaitable[ClientConnection]]


async def opened(address: str, path: str, **headers: str) -> ClientConnection:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await connect(
        f"{address}{path}", additional_headers={**TOKEN, **named}, compression=None
    )


async def status_of(address: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{address}{path}", additional_headers=headers)
    answer = refused.value.response
    return answer.status_code, answer


async def all_of(connection: ClientConnection) -> None:
    while True:
        await connection.recv()


async def closed(connection: ClientConnection) -> tuple[int, str]:
    """Return why the other side closed it."""
    with pytest.raises(ConnectionClosed) as end:
        await asyncio.wait_for(all_of(connection), 5)
    received = end.value.rcvd
    return (received.code, received.reason) if received else (0, "")


@pytest.mark.parametrize("path", ["/echo", "/router/echo", "/inside/echo"])
async def test_an_endpoint_gets_its_dependencies_and_the_actor(address: str, path: str) -> None:
    async with await opened(address, f"{path}?number=4") as connection:
        assert await connection.recv() == f'{{"number":8,"actor":"{ANA}"}}'
        await connection.send("hello")
        assert await connection.recv() == "hello"


@pytest.mark.parametrize("path", ["/shop/hello", "/hello"])
async def test_a_websocket_below_the_path_of_the_service_opens_whatever_the_proxy_passes_on(
    path: str,
) -> None:
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.url.path)
        await websocket.close()

    app = Service(report=reported.append, ingress=IngressPolicy(root_path="/shop"))
    app.websocket("/hello", hello, access=PUBLIC)
    with served(app) as address:
        async with connect(f"{address.replace('http', 'ws')}{path}") as connection:
            assert await connection.recv() == "/shop/hello"


# --- Who may open one ---------------------------------------------------------------------------


async def test_a_caller_without_access_gets_a_problem_document(address: str) -> None:
    status, answer = await status_of(address, "/echo", {})
    assert (status, answer.headers["content-type"]) == (401, "application/problem+json")
    assert b'"code":"unauthenticated"' in answer.body
    assert answer.headers["x-request-id"]
    assert (await status_of(address, "/closed", TOKEN))[0] == 403


async def test_a_page_of_another_origin_is_refused_with_any_credential(address: str) -> None:
    foreign = {"Origin": "https://evil.example.com"}
    assert (await status_of(address, "/echo", {**TOKEN, **foreign}))[0] == 403
    assert (await status_of(address, "/open", foreign))[0] == 403
    async with await opened(address, "/echo", Origin=OURS) as connection:
        assert await connection.recv()


async def test_a_cookie_opens_one_for_our_own_pages_only(address: str) -> None:
    cookie = {"Cookie": "__Host-session=ana"}
    assert (await status_of(address, "/echo", cookie))[0] == 403
    async with connect(f"{address}/echo", additional_headers={**cookie, "Origin": OURS}) as ours:
        assert await ours.recv()


async def test_a_parameter_that_fastapi_refuses_is_a_problem_document(address: str) -> None:
    status, answer = await status_of(address, "/echo?number=four", TOKEN)
    assert (status, b'"parameter":"number"' in answer.body) == (422, True)


async def test_an_address_without_a_websocket_ignores_the_upgrade(address: str) -> None:
    port = int(address.rpartition(":")[2])
    head = b"GET /plain HTTP/1.1\r\n" + OFFER
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    assert exchange(port, head + key).json() == {"it is": "HTTP"}


async def test_an_invalid_handshake_is_answered_as_a_request(address: str) -> None:
    port = int(address.rpartition(":")[2])
    assert exchange(port, b"GET /echo HTTP/1.1\r\n" + OFFER + b"\r\n").status == 404


# --- What comes over it -------------------------------------------------------------------------


async def test_a_too_large_message_closes_the_websocket(address: str) -> None:
    async with await opened(address, "/few") as connection:
        await connection.send("a" * 100)
        await connection.send("a" * 101)
        assert await closed(connection) == (1009, "message too large")


async def test_a_message_over_the_general_limit_is_not_buffered(address: str) -> None:
    async with await opened(address, "/echo") as connection:
        await connection.recv()
        with suppress(ConnectionClosed):
            await connection.send(["a" * 600_000, "a" * 600_000])
        # The reason may be lost if the client is still sending: then the connection just ends.
        assert (await closed(connection))[0] in {1009, 0}


async def test_too_many_messages_close_the_websocket(address: str) -> None:
    async with await opened(address, "/few") as connection:
        for _ in range(6):
            await connection.send("again")
        assert await closed(connection) == (1008, "too many messages")


async def test_a_flood_of_pings_closes_the_websocket(address: str) -> None:
    async with await opened(address, "/echo") as connection:
        await connection.recv()
        with suppress(ConnectionClosed):
            for _ in range(300):
                await connection.ping()
        assert await closed(connection) in {(1008, "too many pings"), (0, "")}


async def test_the_open_websockets_of_a_caller_are_limited(address: str) -> None:
    async with await opened(address, "/few"), await opened(address, "/few") as second:
        await second.recv()
        status, answer = await status_of(address, "/few", TOKEN)
        assert (status, answer.headers["retry-after"]) == (429, "1")
        await second.close()
        async with await opened(address, "/few") as another:
            assert await another.recv()


async def test_many_small_messages_at_once_are_all_read(address: str) -> None:
    async with await opened(address, "/echo") as connection:
        await connection.recv()
        for number in range(400):
            await connection.send(str(number))
        assert [await connection.recv() for _ in range(400)] == [str(n) for n in range(400)]


# --- When it ends -------------------------------------------------------------------------------


async def test_an_error_before_the_accept_is_a_problem_document(
    address: str,
) -> None:
    assert (await status_of(address, "/refuse", TOKEN))[0] == 409


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("/raise_http", (1008, "conflict")),
        ("/raise_theirs", (4000, "as they say")),
        ("/defect", (1011, "internal_error")),
    ],
)
async def test_an_error_of_the_endpoint_closes_the_websocket(
    address: str, path: str, end: tuple[int, str]
) -> None:
    async with await opened(address, path) as connection:
        assert await closed(connection) == end


async def test_a_defect_is_reported_and_a_disconnect_is_not(address: str) -> None:
    reported.clear()
    async with await opened(address, "/echo") as connection:
        await connection.recv()
    async with await opened(address, "/defect") as connection:
        await closed(connection)
    assert [type(error) for error in reported] == [ZeroDivisionError]


@pytest.mark.parametrize("path", ["/echo", "/wait"])
async def test_the_end_of_its_session_closes_the_websocket(
    address: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websockets, "WATCH_SECONDS", 0.1)
    ended.clear()
    async with await opened(address, path) as connection:
        await asyncio.sleep(0.3)
        signed_in.clear()
        try:
            assert await closed(connection) == (3000, "unauthenticated")
        finally:
            signed_in.add("ana")
    await asyncio.sleep(1.2)
    assert ended == (["wait"] if path == "/wait" else [])


async def test_a_stopping_server_closes_all_websockets_without_waiting() -> None:
    ended.clear()
    with served(build()) as address:
        paths = ("/echo", "/wait", "/leave")
        connections = [await opened(address.replace("http", "ws"), path) for path in paths]
        started = time.monotonic()
    assert time.monotonic() - started < 4
    assert sorted(ended) == ["left with 1012", "wait"]
    assert {(await closed(connection))[0] for connection in connections} == {1012}
