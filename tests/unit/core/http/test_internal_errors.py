"""If any part of a request raises, the answer is one 500, and the next request works."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator
from starlette.responses import Response

from app.core import middleware
from app.core.http.parameters import CurrentActor
from app.core.http.route_guard import RouteGuard
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC, Actor
from tests.support.raw import send
from tests.unit.core.http.conftest import ANA

SECRET = "c4n4ry"


class Defect(Exception):
    """An unexpected error."""


def fail(*_: object, **__: object) -> Any:
    raise Defect(SECRET)


def refuse_to_read(text: str) -> str:
    raise Defect(text)


class Note(Body):
    text: Annotated[str, AfterValidator(refuse_to_read)]


class Unwritable:
    """It cannot be written as JSON."""


async def fine() -> dict[str, bool]:
    return {"fine": True}


async def fail_at_the_end(body: Note) -> None:
    fail(body)


async def answer_with_the_unwritable() -> Any:
    return {"text": Unwritable()}


async def answer_that_fails() -> Response:
    return Failing()


async def tell_who_calls(actor: CurrentActor) -> None:
    fail(actor)


class Failing(Response):
    async def __call__(self, *_: object) -> None:
        fail()


async def authenticate(token: str) -> Actor:
    if token == "broken":
        fail()
    return ANA


@pytest.fixture
def app(reported: list[Exception]) -> Service:
    def report(error: Exception) -> None:
        reported.append(error)
        raise Defect  # like a reporter whose network is down

    app = Service(report=report, guard=RouteGuard(authenticate=authenticate))
    router = ApiRouter()
    router.get("/fine", fine, access=PUBLIC)
    router.get("/endpoint", fail_async, access=PUBLIC)
    router.post("/reader", fail_at_the_end, access=PUBLIC)
    router.get("/serializer", answer_with_the_unwritable, access=PUBLIC, response_model=None)
    router.get("/response", answer_that_fails, access=PUBLIC)
    router.get("/authenticator", fine, access=AUTHENTICATED)
    router.get("/actor", tell_who_calls, access=AUTHENTICATED)
    app.add(router)
    return app


async def fail_async() -> None:
    fail()


PLACES = {
    "the endpoint": ("GET", "/endpoint", b""),
    "a reader of a parameter": ("POST", "/reader", b'{"text": "a"}'),
    "the serializer": ("GET", "/serializer", b""),
    "a response": ("GET", "/response", b""),
    "the authenticator": ("GET", "/authenticator", b""),
    "what knows the actor": ("GET", "/actor", b""),
}
HEADERS = [(b"content-type", b"application/json"), (b"authorization", b"Bearer broken")]


async def assert_is_one_problem(app: Service, place: str) -> None:
    method, path, body = PLACES[place]
    headers = HEADERS if place != "what knows the actor" else [(b"authorization", b"Bearer ana")]
    answer = await send(app, method, path, headers=headers, body=body)
    assert (answer.status, answer.header("content-type")) == (500, "application/problem+json")
    assert answer.json()["code"] == "internal_error"
    assert SECRET.encode() not in answer.body
    assert answer.header("x-content-type-options") == "nosniff"
    assert (await send(app, "GET", "/fine")).json() == {"fine": True}


@pytest.mark.parametrize("place", PLACES)
async def test_a_defect_fails_only_its_own_request(
    app: Service, reported: list[Exception], place: str
) -> None:
    await assert_is_one_problem(app, place)
    assert len(reported) == 1


@pytest.mark.parametrize("place", PLACES)
async def test_an_unwritable_log_fails_no_request(
    app: Service, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    for name in ("info", "exception"):
        monkeypatch.setattr(middleware.log, name, fail)
    await assert_is_one_problem(app, place)
