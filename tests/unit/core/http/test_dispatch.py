"""The fast dispatch finds the same route as the router."""

from typing import Any
from uuid import UUID

import pytest
from starlette.types import Receive, Scope, Send

from app.core.http.dispatch import Dispatch
from app.core.http.routing import ApiRoute, ApiRouter
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve

PATHS = [
    "/things",
    "/things/",
    "/things/mine",
    "/things/7",
    "/things/1.5/weight",
    "/things/1.5/weight\n",
    "/things/x/weight",
    f"/things/{UUID(int=7)}/parts/of/it",
    "/things/ção",
    "/nothing",
    "//things",
]


def endpoint_of(name: str) -> Any:
    async def endpoint() -> None: ...

    endpoint.__name__ = name
    return endpoint


@pytest.fixture
def app(serve: Serve) -> Service:
    """Similar addresses, with all kinds of parts."""
    router = ApiRouter("/things")
    for path in ("", "/{id}", "/mine", "/{number:float}/weight", "/{id}/{rest:path}"):
        router.get(path, endpoint_of(f"get{path}"), access=PUBLIC)
    for path in ("/mine", "/{id}"):
        router.post(path, endpoint_of(f"post{path}"), access=PUBLIC)
    return serve(router)


class Taken(Exception):
    """The route was found."""


@pytest.mark.parametrize("root_path", ["", "/api"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PURGE"])
@pytest.mark.parametrize("path", PATHS)
async def test_dispatch_and_router_find_the_same_route_and_scope(
    app: Service, monkeypatch: pytest.MonkeyPatch, root_path: str, method: str, path: str
) -> None:
    async def take(route: ApiRoute, scope: Scope, *_: object) -> None:
        raise Taken(route.name, scope)

    monkeypatch.setattr(ApiRoute, "handle", take)
    ends = []
    asked = {"type": "http", "method": method, "path": root_path + path, "root_path": root_path}
    for way in (app.router, Dispatch(app.router)):
        with pytest.raises(Exception) as end:  # noqa: PT011 - both have to end in the same one
            await way({**asked, "app": app}, receive, ignore)
        ends.append((end.type, str(end.value), vars(end.value)))
    assert ends[0] == ends[1]


async def receive() -> Any: ...


async def ignore(_message: object) -> None: ...


async def test_a_known_address_does_not_reach_the_router(
    app: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def router(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(app.router, "middleware_stack", router)
    assert (await send(app, "GET", "/things")).status == 200


async def test_other_requests_are_left_to_the_router(
    app: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def router(scope: Scope, receive: Receive, send: Send) -> None:
        raise Taken

    monkeypatch.setattr(app.router, "middleware_stack", router)
    scope = {"type": "http", "method": "GET", "path": "/things", "fastapi.telemetry": object()}
    with pytest.raises(Taken):
        await Dispatch(app.router)(scope, receive, ignore)


async def test_a_route_that_was_added_later_is_found(app: Service) -> None:
    assert (await send(app, "GET", "/later")).status == 404
    app.router.routes.append(ApiRoute("/later", endpoint_of("later"), access=PUBLIC))
    assert (await send(app, "GET", "/later")).status == 200
