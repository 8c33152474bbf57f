"""Middleware of a project runs between the boundary and the routes."""

from typing import Any

import pytest
from fastapi import HTTPException, Request
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.exceptions import NotFound
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.rate_limit import RateLimit
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve

JSON = (b"content-type", b"application/json")


class Note(Body):
    text: str


async def show() -> list[str]:
    return ["a long answer"] * 100


async def take(body: Note) -> list[str]:
    return [body.text]


async def absent() -> None:
    raise NotFound


async def teapot() -> None:
    raise HTTPException(403, headers={"x-reason": "closed"})


async def defect() -> None:
    raise ZeroDivisionError


class Noting:
    """Middleware as the ASGI specification defines it."""

    def __init__(self, app: ASGIApp, *, seen: list[Any]) -> None:
        self.app, self.seen = app, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.seen.append(message["status"])
            await send(message)

        await self.app(scope, receive, note)


@pytest.fixture
def app(serve: Serve) -> Service:
    router = ApiRouter()
    for endpoint in (show, absent, teapot, defect):
        router.get(f"/{endpoint.__name__}", endpoint, access=PUBLIC)
    router.post("/notes", take, access=PUBLIC)
    return serve(router)


async def test_an_answer_is_compressed(app: Service) -> None:
    app.add_middleware(GZipMiddleware, minimum_size=500)
    answer = await send(app, "GET", "/show", headers=[(b"accept-encoding", b"gzip")])
    assert (answer.header("content-encoding"), answer.header("vary")) == ("gzip", "Accept-Encoding")
    assert len(answer.body) < 200


async def test_the_last_added_middleware_is_the_outermost(app: Service) -> None:
    order: list[str] = []

    def named(name: str) -> Any:
        def middleware(inner: ASGIApp) -> ASGIApp:
            async def run(scope: Scope, receive: Receive, send: Send) -> None:
                order.append(name)
                await inner(scope, receive, send)

            return run

        return middleware

    app.add_middleware(named("first"))
    app.add_middleware(named("second"))
    await send(app, "GET", "/show")
    assert order == ["second", "first"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/absent", 404, "not_found"),
        ("/teapot", 403, "forbidden"),
        ("/nowhere", 404, "not_found"),
        ("/show?a=1", 422, "invalid"),
    ],
)
async def test_it_sees_an_error_as_the_answer_that_the_client_gets(
    app: Service, log_lines: list[Any], path: str, status: int, code: str
) -> None:
    seen: list[int] = []
    app.add_middleware(Noting, seen=seen)
    answer = await send(app, "GET", path)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert seen == [status]
    assert log_lines[-1]["code"] == code


async def test_a_defect_goes_through_it_to_the_boundary(
    app: Service, reported: list[Exception], log_lines: list[Any]
) -> None:
    seen: list[int] = []
    app.add_middleware(Noting, seen=seen)
    answer = await send(app, "GET", "/defect")
    assert (answer.status, answer.json()["code"]) == (500, "internal_error")
    assert (seen, [type(error) for error in reported]) == ([], [ZeroDivisionError])


async def test_a_decorated_function_is_middleware_too(app: Service, log_lines: list[Any]) -> None:
    @app.middleware("http")
    async def add_a_header(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-added"] = request.method
        return response

    assert (await send(app, "GET", "/show")).header("x-added") == "GET"
    assert (await send(app, "GET", "/absent")).header("x-added") == "GET"
    assert log_lines[-1]["code"] == "not_found"


@pytest.mark.parametrize(("size", "status"), [(10, 200), (20_000, 413)])
async def test_a_body_is_read_and_limited_through_it(app: Service, size: int, status: int) -> None:
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    body = b'{"text": "%b"}' % (b"a" * size)
    assert (await send(app, "POST", "/notes", headers=[JSON], body=body)).status == status


async def test_an_error_that_it_raises_itself_is_a_problem_document(app: Service) -> None:
    @app.middleware("http")
    async def close(request: Request, call_next: Any) -> Any:
        raise HTTPException(403)

    assert (await send(app, "GET", "/show")).json()["code"] == "forbidden"


async def test_a_session_is_kept_in_a_cookie(app: Service) -> None:
    @app.middleware("http")
    async def count(request: Request, call_next: Any) -> Any:
        request.session["visits"] = request.session.get("visits", 0) + 1
        response = await call_next(request)
        response.headers["x-visits"] = str(request.session["visits"])
        return response

    app.add_middleware(SessionMiddleware, secret_key="a key for tests", https_only=True)
    first = await send(app, "GET", "/show")
    cookie = (first.header("set-cookie") or "").partition(";")[0].encode()
    again = await send(app, "GET", "/show", headers=[(b"cookie", cookie)])
    assert (first.header("x-visits"), again.header("x-visits")) == ("1", "2")


async def test_requests_without_a_route_count_for_the_general_limit(serve: Serve) -> None:
    app = serve(ingress=IngressPolicy(rate_limit=RateLimit(2)))
    app.add_middleware(Noting, seen=[])
    codes = [(await send(app, "GET", "/nowhere")).status for _ in range(3)]
    assert codes == [404, 404, 429]
