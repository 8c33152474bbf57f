"""What a client gets that is refused because of overload."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from app.core.admission import Admission, Importance
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC
from app.shared.application.dto import CursorPage
from tests.support.raw import Answer, send
from tests.unit.core.http.conftest import Serve

ID = "0198c0de-0000-7000-8000-000000000001"


class Endpoints:
    def __init__(self) -> None:
        self.in_flight: list[int] = []
        self.admission = Admission()

    async def one(self) -> int:
        self.in_flight.append(self.admission.in_flight)
        return 1

    async def list(self) -> CursorPage[int]:
        return CursorPage([], None, 20)

    async def stream(self) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            self.in_flight.append(self.admission.in_flight)
            yield b"a"
            self.in_flight.append(self.admission.in_flight)

        return StreamingResponse(parts())


@pytest.fixture
def endpoints() -> Endpoints:
    return Endpoints()


@pytest.fixture
def app(serve: Serve, endpoints: Endpoints) -> Service:
    router = ApiRouter("/things")
    router.get("/one", endpoints.one, access=AUTHENTICATED)
    router.get("", endpoints.list, access=AUTHENTICATED)
    router.get("/open", endpoints.one, access=PUBLIC)
    router.get("/probe", endpoints.one, access=PUBLIC, importance=Importance.CRITICAL)
    router.get("/stream", endpoints.stream, access=PUBLIC, by_fastapi=True)
    return serve(router, ingress=IngressPolicy(admission=endpoints.admission))


def overload(endpoints: Endpoints, *, in_flight: int) -> None:
    """Leave room for 50 requests at the same time."""
    endpoints.admission.in_flight = 200
    endpoints.admission.queue.waited(1.0)
    endpoints.admission.end_window(0.1)
    endpoints.admission.in_flight = in_flight


async def test_a_refused_request_gets_a_complete_problem(
    app: Service, endpoints: Endpoints
) -> None:
    overload(endpoints, in_flight=50)
    answer = await send(app, "GET", "/things/one", headers=[(b"x-request-id", ID.encode())])
    assert answer.status == 503
    assert answer.json() == {
        "type": "/problems/overloaded",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The service is too busy right now; try again in a moment.",
        "instance": f"urn:uuid:{ID}",
        "code": "overloaded",
    }
    assert answer.header("retry-after") in {"1", "2", "3"}
    assert answer.header("x-request-id") == ID
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("connection") is None
    assert endpoints.in_flight == []


@pytest.mark.parametrize(
    ("path", "in_flight", "status"),
    [
        ("/things", 40, 503),
        ("/things/open", 40, 503),
        ("/things/one", 40, 401),
        ("/things/one", 50, 503),
        ("/nowhere", 50, 503),
        ("/things/probe", 1000, 200),
    ],
)
async def test_less_important_requests_are_refused_first(
    app: Service, endpoints: Endpoints, path: str, in_flight: int, status: int
) -> None:
    overload(endpoints, in_flight=in_flight)
    assert (await send(app, "GET", path)).status == status


@pytest.mark.parametrize(("path", "waits"), [("/things/open", True), ("/things/probe", False)])
async def test_a_probe_does_not_wait_for_its_turn_and_others_do(
    app: Service, endpoints: Endpoints, path: str, *, waits: bool
) -> None:
    answers = asyncio.create_task(send(app, "GET", path))
    while endpoints.admission.begins_now():
        pass
    await asyncio.sleep(0)
    assert (endpoints.in_flight == []) is waits
    assert (await answers).status == 200


async def test_requests_are_counted_while_they_run_and_streams_only_until_they_begin(
    app: Service, endpoints: Endpoints
) -> None:
    for path in ("/things/open", "/things/open", "/things/stream"):
        assert (await send(app, "GET", path)).status == 200
    assert endpoints.in_flight == [1, 1, 0, 0]
    assert endpoints.admission.in_flight == 0


async def test_a_refused_body_that_has_not_arrived_ends_its_connection(
    app: Service, endpoints: Endpoints
) -> None:
    overload(endpoints, in_flight=50)
    answer: Answer = await send(app, "POST", "/things", body=b"{}")
    assert (answer.status, answer.header("connection")) == (503, "close")


def test_every_route_has_an_importance(app: Service) -> Any:
    found = {route.path: route.importance for route in app.router.routes}  # type: ignore[attr-defined]
    assert found == {
        "/things/one": Importance.NORMAL,
        "/things": Importance.SHEDDABLE,
        "/things/open": Importance.SHEDDABLE,
        "/things/probe": Importance.CRITICAL,
        "/things/stream": Importance.SHEDDABLE,
    }
