"""A route sets the limit of its body, which is known before the body is read."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Form
from pydantic import Field

from app.core.http.bodies import BODY_BYTES, MAX_BODY_BYTES, PUBLIC_BODY_BYTES
from app.core.http.routing import ApiRoute, ApiRouter
from app.core.http.schema_types import Body, Length, Parameters, Text
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC
from tests.support.raw import Answer, send
from tests.unit.core.http.conftest import Serve

ANA = (b"authorization", b"Bearer ana")
JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
LARGE = 200 * 1024
LIMITS = {
    "/public": PUBLIC_BODY_BYTES,
    "/form": PUBLIC_BODY_BYTES,
    "/closed": BODY_BYTES,
    "/large": LARGE,
    "/small": 100,
    "/none": BODY_BYTES,
}


class Note(Body):
    text: Annotated[Text, Length(0, MAX_BODY_BYTES)] = ""
    items: list[int] = Field(default_factory=list)


class Fields(Parameters):
    text: str


async def note(body: Note) -> dict[str, int]:
    return {"length": len(body.text)}


async def form(form: Annotated[Fields, Form()]) -> dict[str, int]:
    return {"length": len(form.text)}


async def none() -> dict[str, bool]:
    return {"read": False}


@pytest.fixture
def app(serve: Serve) -> Service:
    router = ApiRouter()
    router.post("/public", note, access=PUBLIC)
    router.post("/form", form, access=PUBLIC)
    router.post("/closed", note, access=AUTHENTICATED)
    router.post("/large", note, access=AUTHENTICATED, body_limit=LARGE)
    router.post("/small", note, access=PUBLIC, body_limit=100)
    router.post("/none", none, access=AUTHENTICATED)
    return serve(router)


def body_of(path: str, size: int) -> bytes:
    start, end = (b"text=", b"") if path == "/form" else (b'{"text":"', b'"}')
    return start + b"a" * (size - len(start + end)) + end


async def post(app: Service, path: str, body: bytes | Iterator[bytes], **more: int) -> Answer:
    headers = [ANA, FORM if path == "/form" else JSON]
    headers += [(b"content-length", b"%d" % more["announced"])] if more else []
    return await send(app, "POST", path, headers=headers, body=body)


@pytest.mark.parametrize(("path", "limit"), LIMITS.items())
async def test_a_body_may_be_as_long_as_its_route_says(app: Service, path: str, limit: int) -> None:
    body = body_of(path, limit)
    assert (await post(app, path, body)).status == 200
    assert (await post(app, path, body, announced=limit)).status == 200


@pytest.mark.parametrize(("path", "limit"), LIMITS.items())
async def test_a_body_with_a_too_large_content_length_is_refused_unread(
    app: Service, path: str, limit: int
) -> None:
    def unread() -> Iterator[bytes]:
        yield pytest.fail("the body was read")

    answer = await post(app, path, unread(), announced=limit + 1)
    assert (answer.status, answer.json()["code"]) == (413, "payload_too_large")
    told = f"The body is larger than {limit // 1024} KiB, which is the limit of this address."
    assert answer.json()["detail"] == told
    assert answer.header("connection") == "close"


@pytest.mark.parametrize(("path", "limit"), [pair for pair in LIMITS.items() if pair[0] != "/none"])
async def test_a_chunked_body_is_refused_when_it_exceeds_the_limit(
    app: Service, path: str, limit: int
) -> None:
    def chunks() -> Iterator[bytes]:
        body = body_of(path, limit + 1)
        yield from (body[:-1], body[-1:])
        yield pytest.fail("more of the body was read")

    answer = await post(app, path, chunks())
    assert (answer.status, answer.json()["code"]) == (413, "payload_too_large")


async def test_a_caller_without_access_does_not_learn_the_limit(app: Service) -> None:
    headers = [JSON, (b"content-length", b"%d" % (BODY_BYTES + 1))]
    answer = await send(app, "POST", "/closed", headers=headers, body=iter([]))
    assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "most"), [("/public", 128), ("/closed", 512), ("/large", LARGE // 128)]
)
async def test_a_longer_body_may_have_more_values(app: Service, path: str, most: int) -> None:
    answer = await post(app, path, b'{"items":[' + b",".join([b"1"] * most) + b"]}")
    assert answer.status == 400
    assert answer.json()["detail"] == f"The body has more than {most} values."
    answer = await post(app, path, b'{"items":[' + b",".join([b"1"] * (most - 1)) + b"]}")
    assert answer.status == 200


async def test_the_limit_is_documented() -> None:
    app = FastAPI()
    app.router.routes.append(ApiRoute("/notes", note, methods=["POST"], access=PUBLIC))
    body: dict[str, Any] = app.openapi()["paths"]["/notes"]["post"]["requestBody"]
    assert body["description"] == "At most 16 KiB."
    assert "application/json" in body["content"]
