"""The outermost layer: ids, headers, log lines, unexpected errors."""

from typing import Any
from uuid import UUID

import pytest
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.core.context import WorkContext, current_work
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.middleware import RequestBoundary
from app.core.security import AUTHENTICATED, PUBLIC
from tests.support.raw import send
from tests.unit.core.http.conftest import ANA, Serve

SECRET = "c4n4ry"


class Defect(Exception):
    """An unexpected error."""


class Endpoints:
    def __init__(self) -> None:
        self.seen: list[WorkContext] = []

    async def fine(self) -> Response:
        self.seen.append(current_work.get())
        return Response(b"fine")

    async def own_headers(self) -> Response:
        own = {"Cache-Control": "public", "Content-Security-Policy": "default-src 'self'"}
        return Response(b"fine", headers=own)

    async def defect(self) -> None:
        raise Defect(SECRET)

    async def defect_on_the_way(self) -> Response:
        async def content() -> Any:
            yield b"a"
            raise Defect(SECRET)

        return StreamingResponse(content())


@pytest.fixture
def endpoints() -> Endpoints:
    return Endpoints()


@pytest.fixture
def app(serve: Serve, endpoints: Endpoints) -> Service:
    router = ApiRouter()
    router.get("/fine", endpoints.fine, access=PUBLIC)
    router.get("/mine", endpoints.fine, access=AUTHENTICATED)
    router.get("/own-headers", endpoints.own_headers, access=PUBLIC)
    router.get("/defect", endpoints.defect, access=PUBLIC)
    router.get("/defect-on-the-way", endpoints.defect_on_the_way, access=PUBLIC)
    return serve(router)


# --- Request id ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/fine", "/absent", "/mine", "/defect"])
@pytest.mark.parametrize("sent", ["a" * 8, "A-0-" + "z" * 60, "-" * 20])
async def test_a_valid_request_id_is_used_and_returned(app: Service, path: str, sent: str) -> None:
    answer = await send(app, "GET", path, headers=[(b"x-request-id", sent.encode())])
    assert answer.header("x-request-id") == sent


@pytest.mark.parametrize(
    "sent",
    ["", "a" * 7, "a" * 65, "a" * 100_000, "a b" * 4, "a_b" * 4, "ãããããããã", "a" * 8 + "\n"],
)
async def test_an_invalid_request_id_is_replaced(app: Service, sent: str) -> None:
    answer = await send(app, "GET", "/fine", headers=[(b"x-request-id", sent.encode())])
    assert UUID(answer.header("x-request-id")).version == 7


async def test_without_a_request_id_a_new_one_is_created(app: Service) -> None:
    made = {(await send(app, "GET", "/fine")).header("x-request-id") for _ in range(3)}
    assert len(made) == 3


async def test_a_problem_names_the_request(app: Service) -> None:
    answer = await send(app, "GET", "/absent")
    assert answer.json()["instance"] == f"urn:uuid:{answer.header('x-request-id')}"
    named = await send(app, "GET", "/absent", headers=[(b"x-request-id", b"my-request")])
    assert named.json()["instance"] == "urn:request-id:my-request"


# --- The work's context -------------------------------------------------------------------------

TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_the_work_knows_its_request_and_its_trace(app: Service, endpoints: Endpoints) -> None:
    headers = [(b"x-request-id", b"my-request"), (b"traceparent", TRACE)]
    await send(app, "GET", "/fine", headers=headers)
    assert endpoints.seen == [WorkContext("my-request", None, TRACE.decode(), client="127.0.0.1")]


@pytest.mark.parametrize("sent", [b"", b"\xff", TRACE[:-1], TRACE + b"0", TRACE.upper(), b"a" * 65])
async def test_an_invalid_trace_is_ignored(app: Service, endpoints: Endpoints, sent: bytes) -> None:
    await send(app, "GET", "/fine", headers=[(b"traceparent", sent)])
    assert endpoints.seen[0].traceparent is None


async def test_no_context_of_one_request_is_left_for_the_next(
    app: Service, endpoints: Endpoints
) -> None:
    before = current_work.get()
    await send(app, "GET", "/mine", headers=[(b"authorization", b"Bearer ana")])
    await send(app, "GET", "/fine")
    assert [work.actor_id for work in endpoints.seen] == [ANA.user_id, None]
    assert current_work.get() is before


# --- Headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/fine", "/absent", "/mine", "/defect"])
async def test_every_answer_has_the_security_headers(app: Service, path: str) -> None:
    answer = await send(app, "GET", path)
    expected = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        "cache-control": "no-store",
        "server": None,
    }
    assert {name: answer.header(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("ingress", "told"),
    [
        (IngressPolicy(), None),
        (IngressPolicy(hsts_includes_subdomains=True), None),
        (IngressPolicy(is_https=True), "max-age=31536000"),
        (
            IngressPolicy(is_https=True, hsts_includes_subdomains=True),
            "max-age=31536000; includeSubDomains",
        ),
    ],
)
async def test_hsts_covers_subdomains_only_if_configured(
    serve: Serve, ingress: IngressPolicy, told: str | None
) -> None:
    answer = await send(serve(ingress=ingress), "GET", "/absent")
    assert answer.header("strict-transport-security") == told


async def test_an_endpoint_can_override_a_security_header(app: Service) -> None:
    answer = await send(app, "GET", "/own-headers")
    assert answer.header("cache-control") == "public"
    assert answer.header("content-security-policy") == "default-src 'self'"
    assert answer.header("x-content-type-options") == "nosniff"


# --- Unforeseen errors --------------------------------------------------------------------------


async def test_an_unexpected_error_is_logged_and_reported_but_not_shown(
    app: Service, log_lines: list[Any], reported: list[Exception]
) -> None:
    answer = await send(app, "GET", "/defect", headers=[(b"x-request-id", b"my-request")])

    assert (answer.status, answer.header("content-type")) == (500, "application/problem+json")
    assert answer.json() == {
        "type": "/problems/internal_error",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "An unexpected error happened; it was logged under this request's id.",
        "instance": "urn:request-id:my-request",
        "code": "internal_error",
    }
    assert [type(error) for error in reported] == [Defect]
    error, access = log_lines
    assert (error["event"], error["log_level"]) == ("unexpected error", "error")
    assert (error["request_id"], error["exc_info"]) == ("my-request", reported[0])
    assert (access["event"], access["status"]) == ("request", 500)


async def test_an_error_after_the_start_of_an_answer_closes_the_connection(
    app: Service, log_lines: list[Any]
) -> None:
    with pytest.raises(Defect):
        await send(app, "GET", "/defect-on-the-way")
    assert [line["event"] for line in log_lines] == ["unexpected error", "request"]
    assert log_lines[-1]["status"] == 200


# --- The access log -----------------------------------------------------------------------------


async def test_every_request_is_logged_once(app: Service, log_lines: list[Any]) -> None:
    headers = [(b"authorization", b"Bearer ana"), (b"x-request-id", b"my-request")]
    await send(app, "GET", f"/mine?q={SECRET}", headers=headers)
    [line] = log_lines
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/mine",
        "status": 422,
        "code": "invalid",
        "client": "127.0.0.1",
        "actor": str(ANA.user_id),
        "request_id": "my-request",
    }


async def test_a_refused_request_is_logged_too(app: Service, log_lines: list[Any]) -> None:
    await send(app, "GET", "/mine")
    await send(app, "GET", "/absent")
    assert [(line["status"], line["actor"]) for line in log_lines] == [(401, None), (404, None)]


@pytest.mark.parametrize(
    ("path", "code"),
    [("/mine", "unauthenticated"), ("/absent", "not_found"), ("/defect", "internal_error")],
)
async def test_the_log_line_of_a_problem_has_its_code(
    app: Service, log_lines: list[Any], path: str, code: str
) -> None:
    answer = await send(app, "GET", path)
    assert answer.json()["code"] == log_lines[-1]["code"] == code


async def test_the_log_line_of_any_other_answer_has_no_code(
    app: Service, log_lines: list[Any]
) -> None:
    await send(app, "GET", "/fine")
    assert "code" not in log_lines[0]


async def test_a_path_can_not_break_out_of_its_log_line(app: Service, log_lines: list[Any]) -> None:
    await send(app, "GET", "/a%0Ab%1B%5B31m%C3%A7%FF")
    assert log_lines[0]["path"] == "/a%0Ab%1B%5B31m%C3%A7%EF%BF%BD"


async def test_a_client_without_an_address_is_logged_without(
    app: Service, log_lines: list[Any]
) -> None:
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/x",
        "root_path": "",
        "headers": [(b"host", b"test")],
    }

    async def ignore(message: Message) -> None:
        return

    await RequestBoundary(app.router, report=print)(scope, nothing_comes, ignore)
    assert log_lines[0]["client"] is None


async def nothing_comes() -> Message:
    return {"type": "http.disconnect"}


async def test_other_asgi_events_pass_unchanged(log_lines: list[Any]) -> None:
    passed: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    async def ignore(message: Message) -> None:
        return

    await RequestBoundary(app, report=print)({"type": "lifespan"}, nothing_comes, ignore)
    assert (passed, log_lines) == ([{"type": "lifespan"}], [])
