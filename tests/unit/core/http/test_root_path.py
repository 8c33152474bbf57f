"""A service below a path: some proxies take the path away, and some leave it."""

from typing import Any

import pytest
from fastapi import WebSocket

from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve

BELOW_A_PATH = IngressPolicy(root_path="/shop")


async def things() -> str:
    return "things"


async def any_address(first: str, second: str) -> list[str]:
    return [first, second]


async def echo(websocket: WebSocket) -> None: ...


@pytest.fixture
def app(serve: Serve) -> Service:
    router = ApiRouter()
    router.get("/things", things, access=PUBLIC)
    router.get("/{first}/{second}", any_address, access=PUBLIC)
    app = serve(router, ingress=BELOW_A_PATH)
    app.websocket("/echo", echo, access=PUBLIC)
    return app


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/things", "things"),
        ("/shop/things", "things"),
        ("/a/b", ["a", "b"]),
        ("/shop/a/b", ["a", "b"]),
    ],
)
async def test_a_route_is_found_with_the_path_and_without_it(
    app: Service, path: str, expected: Any
) -> None:
    assert (await send(app, "GET", path)).json() == expected


@pytest.mark.parametrize(
    ("path", "is_taken"),
    [("/echo", True), ("/shop/echo", True), ("/shop", False), ("/shopecho", False)],
)
def test_a_websocket_is_offered_with_the_path_and_without_it(
    app: Service, path: str, *, is_taken: bool
) -> None:
    assert app.takes_websocket_at(path) is is_taken
