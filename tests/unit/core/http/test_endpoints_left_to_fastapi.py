"""FastAPI calls an endpoint whose route has by_fastapi=True.

It works as in FastAPI, except for the rules of every route: access, limits, problem documents, and
unambiguous requests.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import Body, Depends, File, Form, HTTPException, Query, Request, UploadFile
from pydantic import BaseModel
from starlette.responses import HTMLResponse

from app.core.exceptions import Conflict
from app.core.http.bodies import BODY_BYTES
from app.core.http.parameters import CurrentActor, IfMatch
from app.core.http.routing import ApiRouter, UnusableRoute
from app.core.http.service import Service
from app.core.security import PUBLIC, scope
from tests.support.raw import Answer, send
from tests.unit.core.http.conftest import ANA, Serve

SOME_ID = "0190f5a0-0000-7000-8000-000000000001"
SIGNED_IN = (b"authorization", b"Bearer ana")
JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
PARTS = (b"content-type", b"multipart/form-data; boundary=b")
CANARY = "c4n4ry"


class Model(BaseModel, extra="forbid"):
    text: str = "a"


def twice(number: int) -> int:
    return 2 * number


class Others:
    async def depends(self, number: Annotated[int, Depends(twice)]) -> Any:
        return number

    async def default(self, number: int = 1) -> Any:
        return number

    async def several(self, number: Annotated[list[int], Query()]) -> Any:
        return number

    async def beside_a_path(self, number: int, id: UUID) -> Any:
        return [number, id]

    async def untyped(self, number) -> Any:  # type: ignore[no-untyped-def]  # noqa: ANN001
        return number

    async def request(self, request: Request) -> Any:
        return request.url.path

    async def optional_body(self, body: Model | None = None) -> Any:
        return body

    async def embedded_body(self, body: Annotated[Model, Body(embed=True)]) -> Any:
        return body

    async def two_bodies(self, one: Model, two: Model) -> Any:
        return [one, two]

    async def two_queries(
        self, one: Annotated[Model, Query()], two: Annotated[Model, Query()]
    ) -> Any:
        return [one, two]

    async def field(self, name: Annotated[str, Form()]) -> Any:
        return name

    async def file(self, file: UploadFile) -> Any:
        return (await file.read()).decode()

    async def marked_file(self, file: Annotated[bytes, File()]) -> Any:
        return file.decode()

    def in_a_thread(self) -> Any:
        return "done"

    async def actor(self, actor: CurrentActor, number: int) -> Any:
        return [actor.user_id, number]

    async def version(self, version: IfMatch, number: int) -> Any:
        return [version, number]

    async def our_error(self, number: int) -> Any:
        raise Conflict(f"{number} is taken")

    async def their_error(self, number: int) -> Any:
        raise HTTPException(number, CANARY)

    async def defect(self, number: int) -> Any:
        raise ZeroDivisionError(CANARY)


METHODS = {
    "POST": ["optional_body", "embedded_body", "two_bodies", "field", "file", "marked_file"],
    "GET": [
        *("depends", "default", "untyped", "request", "several", "two_queries", "in_a_thread"),
        *("actor", "version", "our_error", "their_error", "defect"),
    ],
}


@pytest.fixture
def app(serve: Serve) -> Service:
    router, others, read = ApiRouter("/others"), Others(), scope("note:read")
    for name in METHODS["GET"]:
        router.get(f"/{name}", getattr(others, name), access=read, by_fastapi=True)
    for name in METHODS["POST"]:
        router.post(f"/{name}", getattr(others, name), access=read, by_fastapi=True)
    router.get("/path/{id}", others.beside_a_path, access=read, by_fastapi=True)
    router.get("/write", others.default, access=scope("note:write"), by_fastapi=True)
    return serve(router)


def part(name: str, content: bytes) -> bytes:
    disposition = f'form-data; name="{name}"; filename="a.txt"'.encode()
    return b"--b\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n--b--\r\n"


async def get(app: Service, target: str, *headers: tuple[bytes, bytes]) -> Answer:
    return await send(app, "GET", f"/others/{target}", headers=[SIGNED_IN, *headers])


async def post(app: Service, target: str, kind: tuple[bytes, bytes], body: Any) -> Answer:
    return await send(app, "POST", f"/others/{target}", headers=[SIGNED_IN, kind], body=body)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("depends?number=4", 8),
        ("default", 1),
        ("default?number=4", 4),
        (f"path/{SOME_ID}?number=4", [4, SOME_ID]),
        ("untyped?number=4", "4"),
        ("request", "/others/request"),
        ("two_queries?text=b", [{"text": "b"}, {"text": "b"}]),
        ("in_a_thread", "done"),
        ("actor?number=4", [str(ANA.user_id), 4]),
    ],
)
async def test_it_accepts_the_parameters_of_fastapi(
    app: Service, target: str, expected: Any
) -> None:
    answer = await get(app, target)
    assert (answer.status, answer.json()) == (200, expected)


@pytest.mark.parametrize(
    ("target", "kind", "body", "expected"),
    [
        ("optional_body", JSON, b"", None),
        ("optional_body", JSON, b"{}", {"text": "a"}),
        ("embedded_body", JSON, b'{"body": {}}', {"text": "a"}),
        ("two_bodies", JSON, b'{"one": {}, "two": {"text": "b"}}', [{"text": "a"}, {"text": "b"}]),
        ("field", FORM, b"name=ana", "ana"),
        ("file", PARTS, part("file", b"a b"), "a b"),
        ("marked_file", PARTS, part("file", b"a b"), "a b"),
    ],
)
async def test_it_accepts_the_bodies_of_fastapi(
    app: Service, target: str, kind: tuple[bytes, bytes], body: bytes, expected: Any
) -> None:
    answer = await post(app, target, kind, body)
    assert (answer.status, answer.json()) == (200, expected)


async def test_if_match_works_there_too(app: Service) -> None:
    assert (await get(app, "version?number=4", (b"if-match", b'"3"'))).json() == [3, 4]
    assert (await get(app, "version?number=4", (b"if-match", b"*"))).json() == [None, 4]


# --- What holds for every route -----------------------------------------------------------------


async def test_its_access_policy_is_enforced(app: Service) -> None:
    assert (await send(app, "GET", "/others/default")).status == 401
    assert (await get(app, "write")).status == 403


async def test_its_other_methods_are_refused(app: Service) -> None:
    answer = await send(app, "POST", "/others/default", headers=[SIGNED_IN])
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    ("target", "kind"), [("two_bodies", JSON), ("field", FORM), ("file", PARTS)]
)
async def test_its_body_has_the_limit_of_its_route(
    app: Service, target: str, kind: tuple[bytes, bytes], *, announced: bool
) -> None:
    body = part("file", b"a" * BODY_BYTES) if kind == PARTS else b"a" * (BODY_BYTES + 1)
    length = [(b"content-length", b"%d" % len(body))] if announced else []
    headers = [SIGNED_IN, kind, *length]
    answer = await send(app, "POST", f"/others/{target}", headers=headers, body=body)
    assert (answer.status, answer.json()["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (f"default?number={CANARY}", {"parameter": "number"}),
        ("depends", {"parameter": "number"}),
        (f"path/{CANARY}?number=1", {"parameter": "id"}),
        ("version?number=4", {"parameter": "If-Match"}),
    ],
)
async def test_an_invalid_value_is_reported_by_name_and_not_repeated(
    app: Service, target: str, expected: dict[str, str]
) -> None:
    answer = await get(app, target)
    assert (answer.status, answer.json()["code"]) == (422, "invalid")
    problem = {"code": "invalid", "detail": "is missing or invalid"}
    assert answer.json()["errors"][0] == {**expected, **problem}
    assert CANARY not in str(answer.json()["errors"][0]["detail"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"one": {"text": 1}, "two": {}}', "/one/text"),
        (b'{"one": {}}', "/two"),
        (b'{"one": {"a/b~": 1}, "two": {}}', "/one/a~1b~0"),
        (b'{"one": {"\\ud800": 1}, "two": {}}', "/one"),
        (b"[]", "/one"),
    ],
)
async def test_an_invalid_field_is_reported_with_its_pointer(
    app: Service, body: bytes, pointer: str
) -> None:
    answer = await post(app, "two_bodies", JSON, body)
    assert (answer.status, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("target", "kind", "body", "code"),
    [
        ("two_bodies", JSON, b"{", "malformed_json"),
        ("two_bodies", JSON, b"\xff", "malformed_json"),
        ("file", PARTS, b"no part", "malformed_request"),
        ("file", (b"content-type", b"multipart/form-data"), b"", "malformed_request"),
    ],
)
async def test_an_unreadable_body_is_malformed(
    app: Service, target: str, kind: tuple[bytes, bytes], body: bytes, code: str
) -> None:
    answer = await post(app, target, kind, body)
    assert (answer.status, answer.json()["code"]) == (400, code)


def cut_off() -> Iterator[bytes]:
    yield b'{"one":'


async def test_a_body_that_is_cut_off_is_malformed(app: Service) -> None:
    assert (await post(app, "two_bodies", JSON, cut_off())).status == 400


async def test_our_errors_are_answered_as_usual(app: Service) -> None:
    answer = await get(app, "our_error?number=4")
    assert (answer.status, answer.json()["detail"]) == (409, "4 is taken")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "malformed_request", "/problems/malformed_request"),
        (404, "not_found", "/problems/not_found"),
        (405, "method_not_allowed", "/problems/method_not_allowed"),
        (409, "conflict", "/problems/conflict"),
        (418, "http_error", "about:blank"),
        (499, "http_error", "about:blank"),
        (503, "unavailable", "/problems/unavailable"),
    ],
)
async def test_an_http_exception_of_any_status_is_a_problem_document(
    app: Service, log_lines: list[Any], status: int, code: str, kind: str
) -> None:
    answer = await get(app, f"their_error?number={status}")
    document = answer.json()
    assert (answer.status, document["status"], document["code"]) == (status, status, code)
    assert (document["type"], document["detail"]) == (kind, CANARY)
    assert log_lines[-1]["code"] == code


async def test_a_defect_is_an_internal_error(
    app: Service, log_lines: list[Any], reported: list[Exception]
) -> None:
    answer = await get(app, "defect?number=4")
    assert (answer.status, answer.json()["code"]) == (500, "internal_error")
    assert CANARY.encode() not in answer.body
    assert [type(error) for error in reported] == [ZeroDivisionError]


# --- What all readers have to agree on ----------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("default?number=1&other=2", "unknown_parameter"),
        ("default?number=1&number=2", "duplicate_parameter"),
        ("depends?number=1&numbers=1", "unknown_parameter"),
    ],
)
async def test_an_unknown_or_repeated_parameter_is_refused(
    app: Service, target: str, code: str
) -> None:
    answer = await get(app, target)
    assert (answer.status, answer.json()["errors"][0]["code"]) == (422, code)


async def test_a_query_that_is_not_utf_8_is_malformed(app: Service) -> None:
    assert (await get(app, "default?number=%ff")).status == 400


async def test_a_list_is_one_parameter_several_times(app: Service) -> None:
    assert (await get(app, "several?number=1&number=2")).json() == [1, 2]


async def test_an_endpoint_that_takes_the_whole_request_may_read_any_parameter(
    app: Service,
) -> None:
    assert (await get(app, "request?anything=1")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"one": {}, "one": {}, "two": {}}',
        b'{"one": {"text": NaN}, "two": {}}',
        b"[" * 40 + b"]" * 40,
        b"[" + b"1," * 600 + b"1]",
    ],
)
async def test_ambiguous_json_is_malformed(app: Service, body: bytes) -> None:
    answer = await post(app, "two_bodies", JSON, body)
    assert (answer.status, answer.json()["code"]) == (400, "malformed_json")


# --- What no plan can do, and no route asks FastAPI for -----------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("default", "its parameter `number` has a default"),
        ("depends", "its parameter `number` is of an unknown kind"),
        ("untyped", "its parameter `number` is of an unknown kind"),
        ("request", "its parameter `request` is of an unknown kind"),
        ("two_bodies", "it has two bodies or two queries"),
        ("in_a_thread", "the endpoint is not `async def`"),
    ],
)
def test_an_endpoint_that_no_plan_reads_stops_the_start(name: str, why: str) -> None:
    expected = re.escape(f"GET /others: {why}") + ".*; or use by_fastapi=True"
    with pytest.raises(UnusableRoute, match=expected):
        ApiRouter().get("/others", getattr(Others(), name), access=PUBLIC)


@pytest.mark.parametrize(
    "option",
    [
        {"dependencies": [Depends(twice)]},
        {"response_class": HTMLResponse},
        {"max_body_size": 10},
        {"form_limits": {"max_files": 1}},
    ],
)
def test_an_option_that_only_fastapi_supports_stops_the_start(option: dict[str, Any]) -> None:
    [name] = option
    with pytest.raises(UnusableRoute, match=f"{name}= is supported only by FastAPI"):
        ApiRouter().get("/others", fine, access=PUBLIC, **option)


async def test_with_by_fastapi_such_an_option_works(serve: Serve) -> None:
    router = ApiRouter()
    options: dict[str, Any] = {"response_class": HTMLResponse, "by_fastapi": True}
    router.get("/page", fine, access=PUBLIC, **options)
    answer = await send(serve(router), "GET", "/page")
    assert answer.header("content-type") == "text/html; charset=utf-8"


async def fine() -> str:
    return "<p>"
