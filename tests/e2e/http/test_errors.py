"""Every error has the same form, wherever it is raised, and a page that explains it."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from app.core.exceptions import AppError
from app.core.http.bodies import IncomingBody
from app.core.http.problems import documented_kinds, status_of
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.http.service import Service
from app.core.security import PUBLIC
from app.shared.infrastructure.database.connection import DatabaseUnavailable
from tests.support.garbage import left_of, no_collector
from tests.support.people import Person
from tests.support.raw import send
from tests.support.server import served
from tests.support.sockets import LIVE, POST, exchange

JSON = (b"content-type", b"application/json")
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}

# Requests as Ana, and their errors.
ERRORS: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "malformed": (
        "POST",
        "/notes",
        {"content": b"{", "type": "application/json"},
        400,
        "malformed_json",
    ),
    "not signed in": ("GET", "/notes", {"authorization": ""}, 401, "unauthenticated"),
    "not allowed": ("GET", "/users", {}, 403, "forbidden"),
    "no such address": ("GET", "/nothing", {}, 404, "not_found"),
    "no such note": ("GET", f"/notes/{UUID(int=1)}", {}, 404, "note_not_found"),
    "no such method": ("PUT", "/notes", {}, 405, "method_not_allowed"),
    "conflict": ("POST", "/notes/{note_id}/take-back", {}, 409, "note_not_archived"),
    "stale": ("POST", "/notes/{note_id}/archive", {"if-match": '"9"'}, 412, "stale_version"),
    "too large": (
        "POST",
        "/notes",
        {"content": b" " * (2**17 + 1), "type": "application/json"},
        413,
        "payload_too_large",
    ),
    "another type": (
        "POST",
        "/notes",
        {"content": b"{}", "type": "text/plain"},
        415,
        "unsupported_media_type",
    ),
    "invalid": ("GET", "/notes?limit=0", {}, 422, "invalid"),
    "no version": ("POST", "/notes/{note_id}/archive", {}, 428, "version_required"),
}


def assert_is_problem(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    instance = f"urn:uuid:{answer.headers['x-request-id']}"
    shape = {"type": f"/problems/{code}", "status": status, "code": code, "instance": instance}
    assert problem == {**problem, **shape}
    wanted = {"type", "title", "status", "detail", "instance", "code"}
    assert problem.keys() == (wanted | {"errors"} if status == 422 else wanted)
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "server" not in answer.headers


async def provoke(ana: Person, error: str) -> httpx2.Response:
    method, path, sent, _, _ = ERRORS[error]
    note = await ana.write_note()
    names = {"if-match": "If-Match", "type": "Content-Type", "authorization": "Authorization"}
    headers = {names[key]: value for key, value in sent.items() if key in names}
    return await ana.request(
        method, path.format(note_id=note["id"]), headers=headers, content=sent.get("content")
    )


@pytest.mark.parametrize("error", ERRORS)
async def test_every_error_has_the_same_form(ana: Person, error: str) -> None:
    *_, status, code = ERRORS[error]
    answer = await provoke(ana, error)
    assert_is_problem(answer, status, code)


async def test_no_error_is_left_to_the_garbage_collector(ana: Person) -> None:
    """An error would keep all objects of its request, and a flood would stop all answers."""
    with no_collector():
        for error in ERRORS:
            await provoke(ana, error)
        errors = left_of(AppError)
    assert errors == []


async def test_no_body_is_left_to_the_garbage_collector(ana: Person) -> None:
    with no_collector():
        await ana.write_note()
        await ana.post("/nothing", {"title": "Dig"})
        bodies = left_of(IncomingBody)
    assert bodies == []


# Requests that the server refuses before or while the application reads them.
REFUSED = {
    "a header without a colon": LIVE[:-2] + b"no header\r\n\r\n",
    "a long address": LIVE.replace(b"live", b"a" * 10_000),
    "a body that is cut off": POST + b"Content-Length: 20\r\n\r\n{",
    "a body of a mounted application": POST.replace(b"/api/v1/auth", b"/mounted")
    + b"Content-Length: 20\r\n\r\n{",
}


class Note(Body):
    text: str


async def take(body: Note) -> dict[str, str]:
    return {"text": body.text}


async def read(_scope: Scope, receive: Receive, _send: Send) -> None:
    while (await receive()).get("more_body"):
        pass


@pytest.mark.parametrize("what", REFUSED)
def test_no_refusal_of_the_server_is_left_to_the_garbage_collector(what: str) -> None:
    app, router = Service(report=print), ApiRouter()
    router.post("/api/v1/auth/refresh", take, access=PUBLIC)
    app.add(router)
    app.mount("/mounted", read, access=PUBLIC)
    with no_collector():
        with served(app) as address:
            port = int(address.rpartition(":")[2])
            assert exchange(port, REFUSED[what], and_hang_up=True).status in {400, 414}
        errors = left_of(AppError)
    assert errors == []


async def test_an_unreachable_database_is_a_503_with_retry_after(
    service: Service, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(service.state.container.database(), "fetch_one", away)
    form = {"username": "ana@example.com", "password": "correct horse battery"}
    answer = await client.post("/api/v1/auth/token", data=form)
    assert_is_problem(answer, 503, "database_unavailable")
    assert answer.headers["retry-after"] == "1"


# --- Request id ---------------------------------------------------------------------------------


async def test_a_valid_request_id_is_returned(client: httpx2.AsyncClient) -> None:
    for path in ("/health/live", "/nothing", "/api/v1/notes"):
        answer = await client.get(path, headers={"X-Request-ID": "my-request-1"})
        assert answer.headers["x-request-id"] == "my-request-1"


async def test_an_invalid_request_id_is_replaced(service: Service) -> None:
    for bad in (b"", b"short", b"a" * 65, b"a b c d e f", b"a\xffbcdefgh", b"<script>alert(1)"):
        answer = await send(service, "GET", "/health/live", headers=[(b"x-request-id", bad)])
        assert UUID(answer.header("x-request-id")).version == 7


# --- The pages that problems lead to ------------------------------------------------------------


async def test_the_type_of_each_problem_is_a_page_that_explains_it(
    client: httpx2.AsyncClient,
) -> None:
    kinds = [kind for kind in documented_kinds() if kind.__module__.startswith("app.")]
    assert len(kinds) > 20
    for kind in kinds:
        answer = await client.get(f"/problems/{kind.code}")
        assert answer.status_code == 200, kind.code
        assert answer.json() == {
            "code": kind.code,
            "status": status_of(kind),
            "detail": kind.message,
        }


@pytest.mark.parametrize("code", ["nothing", "error", "NOT_FOUND", "not_found.html"])
async def test_an_unknown_problem_has_no_page(client: httpx2.AsyncClient, code: str) -> None:
    answer = await client.get(f"/problems/{code}")
    assert_is_problem(answer, 404, "not_found")


# --- Health -------------------------------------------------------------------------------------


async def test_a_working_service_is_live_and_ready(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "alive"}
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
