"""How answers are built, and their description in OpenAPI."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.core.exceptions import AppError, CompositionError, Conflict, NotFound
from app.core.http.parameters import IfMatch
from app.core.http.routing import ApiRoute, ApiRouter
from app.core.http.service import Service
from app.core.json_forms import NoForm
from app.core.security import AUTHENTICATED, PUBLIC, scope
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve

SOME_ID = UUID("0190f5a0-0000-7000-8000-000000000001")


@dataclass
class Thing:
    id: UUID
    version: int


@dataclass
class Plain:
    text: str


class Things:
    async def get(self) -> Thing:
        """Get a thing.

        There is one.
        """
        return Thing(SOME_ID, 3)

    async def change(self, version: IfMatch) -> Thing:
        return Thing(SOME_ID, (version or 0) + 1)

    async def plain(self) -> Plain:
        return Plain("ç")

    async def nothing(self) -> None:
        return

    async def response(self) -> Response:
        return Response(b"as it is", status_code=299, headers={"x-own": "1"})


@pytest.fixture
def app(serve: Serve) -> Service:
    router, things = ApiRouter("/things"), Things()
    router.get("", things.get, access=PUBLIC)
    router.post("", things.get, access=PUBLIC, status_code=201, created_at="/things/{id}")
    router.put("", things.change, access=PUBLIC)
    router.delete("", things.nothing, access=PUBLIC, status_code=204)
    router.get("/plain", things.plain, access=PUBLIC)
    router.get("/response", things.response, access=PUBLIC)
    return serve(router)


async def test_an_answer_is_written_as_json(app: Service) -> None:
    answer = await send(app, "GET", "/things/plain")
    assert (answer.status, answer.body) == (200, '{"text":"ç"}'.encode())
    assert answer.header("content-type") == "application/json"
    assert answer.header("content-length") == str(len(answer.body))
    assert answer.header("etag") is None


async def test_an_answer_without_content_has_no_body(app: Service) -> None:
    answer = await send(app, "DELETE", "/things")
    assert (answer.status, answer.body) == (204, b"")
    assert (answer.header("content-type"), answer.header("content-length")) == (None, None)


async def test_an_answer_without_a_form_in_json_stops_the_start() -> None:
    @dataclass
    class Tagged:
        tags: set[str]

    async def tagged() -> list[Tagged]:
        return []

    with pytest.raises(NoForm) as refusal:
        ApiRouter("/things").get("/tagged", tagged, access=PUBLIC)
    assert str(refusal.value) == (
        "the answer of GET /things/tagged: "
        "Tagged.tags: set[str] has no form in JSON: it has no order; use list."
    )


async def test_a_response_object_is_sent_unchanged(app: Service) -> None:
    answer = await send(app, "GET", "/things/response")
    assert (answer.status, answer.body, answer.header("x-own")) == (299, b"as it is", "1")


async def test_a_created_object_has_a_location(app: Service) -> None:
    answer = await send(app, "POST", "/things")
    assert (answer.status, answer.header("location")) == (201, f"/things/{SOME_ID}")


async def test_an_answer_with_a_version_has_an_etag(app: Service) -> None:
    assert (await send(app, "GET", "/things")).header("etag") == '"3"'
    changed = await send(app, "PUT", "/things", headers=[(b"if-match", b'"3"')])
    assert changed.header("etag") == '"4"'


@pytest.mark.parametrize("seen", ['"3"', 'W/"3"', '"3-gzip"', '"1", "3"', '"1",W/"3"', "*"])
async def test_an_unchanged_answer_is_a_304(app: Service, seen: str) -> None:
    answer = await send(app, "GET", "/things", headers=[(b"if-none-match", seen.encode())])
    assert (answer.status, answer.body, answer.header("etag")) == (304, b"", '"3"')


@pytest.mark.parametrize("seen", ['"2"', "3", "", '"33"', "w/3", "\xff"])
async def test_a_changed_answer_is_sent(app: Service, seen: str) -> None:
    answer = await send(app, "GET", "/things", headers=[(b"if-none-match", seen.encode("latin-1"))])
    assert (answer.status, answer.json()["version"]) == (200, 3)


async def test_only_a_get_can_be_a_304(app: Service) -> None:
    headers = [(b"if-match", b"*"), (b"if-none-match", b"*")]
    assert (await send(app, "PUT", "/things", headers=headers)).status == 200


# --- What OpenAPI is told -----------------------------------------------------------------------


def problems(route: ApiRoute) -> dict[int, str]:
    """The codes of each status that is an error."""
    return {
        int(status): told["description"]
        for status, told in route.responses.items()
        if int(status) >= 400
    }


def headers(route: ApiRoute) -> dict[int, set[str]]:
    """The documented headers of each status, without those of every answer."""
    every = {"X-Request-ID", "RateLimit", "RateLimit-Policy"}
    return {int(status): told["headers"].keys() - every for status, told in route.responses.items()}


def test_a_route_documents_its_possible_statuses() -> None:
    raises: list[type[AppError]] = [NotFound, Conflict]
    route = ApiRoute(
        "/x", Things().change, methods=["PUT"], access=scope("note:write"), raises=raises
    )
    assert problems(route) == {
        400: "`malformed_request`",
        401: "`unauthenticated`",
        403: "`forbidden`, `cross_origin`",
        404: "`not_found`",
        409: "`conflict`, `concurrent_update`",
        412: "`stale_version`",
        422: "`invalid`",
        428: "`version_required`",
        429: "`too_many_requests`",
        503: "`unavailable`",
    }
    assert route.openapi_extra == {"security": [{"password": []}, {"cookie": []}, {"key": []}]}


def test_a_route_without_a_permission_documents_no_api_key() -> None:
    route = ApiRoute("/x", Things().get, methods=["GET"], access=AUTHENTICATED)
    assert route.openapi_extra == {"security": [{"password": []}, {"cookie": []}]}
    assert problems(route)[403] == "`session_required`"


def test_a_public_read_documents_fewer_errors() -> None:
    route = ApiRoute("/x", Things().get, methods=["GET"], access=PUBLIC)
    assert sorted(route.responses) == [200, 304, 400, 422, 429, 503]
    assert route.openapi_extra == {"security": []}


def test_a_route_documents_the_headers_of_each_answer() -> None:
    route = ApiRoute(
        "/x",
        Things().change,
        methods=["PUT"],
        access=scope("note:write"),
        created_at="/x/{id}",
        sends=["Set-Cookie"],
    )
    assert headers(route) == {
        200: {"ETag", "Location", "Set-Cookie"},
        401: {"WWW-Authenticate"},
        429: {"Retry-After"},
        503: {"Retry-After"},
        **{status: set() for status in (400, 403, 409, 412, 422, 428)},
    }


def test_a_route_whose_requests_are_not_counted_documents_no_rate_limit() -> None:
    route = ApiRoute("/x", Things().get, methods=["GET"], access=PUBLIC, counted=False)
    assert set(route.responses[200]["headers"]) == {"ETag", "X-Request-ID"}
    assert 429 not in route.responses


def test_a_route_takes_its_summary_from_the_docstring_and_its_id_from_tag_and_method() -> None:
    router = ApiRouter("/x", tags=["things"], description="Things.")
    router.get("", Things().get, access=PUBLIC)
    [route] = router.routes
    assert (route.summary, route.operation_id) == ("Get a thing", "things_get")


def test_two_operations_of_one_name_stop_the_start(serve: Serve) -> None:
    router = ApiRouter("/x", tags=["things"])
    router.get("", Things().get, access=PUBLIC)
    router.get("/again", Things().get, access=PUBLIC)
    with pytest.raises(
        CompositionError, match="things_get: GET /x and GET /x/again; rename the endpoint"
    ):
        serve(router)


def test_a_tag_with_two_descriptions_stops_the_start(serve: Serve) -> None:
    routers = [ApiRouter(tags=["things"], description=each) for each in ("One.", "Two.")]
    with pytest.raises(CompositionError, match="the tag 'things' has two descriptions"):
        serve(*routers)


# --- What is documented is what is sent ---------------------------------------------------------


class Public(BaseModel):
    name: str
    price: Decimal = Decimal("0.50")


class Private(Public):
    secret: str = "s3cret"


@dataclass
class PrivateThing(Thing):
    secret: str = "s3cret"


@dataclass
class Offer:
    pen: Public
    others: list[Public]


class Aliased(BaseModel):
    unit_price: Decimal = Field(Decimal("0.50"), alias="unitPrice")


class Shop:
    async def model(self) -> Public:
        return Public(name="pen", price=Decimal("12.50"))

    async def derived_model(self) -> Public:
        return Private(name="pen")

    async def models(self) -> list[Public]:
        return [Private(name="pen")]

    async def offer(self) -> Offer:
        return Offer(Private(name="pen"), [Private(name="pen")])

    async def any_model(self) -> dict[str, Any]:
        return {"pen": Aliased()}

    async def dictionary(self) -> dict[str, Any]:
        return {"name": "pen", "price": Decimal("12.50"), "secret": "s3cret"}

    async def derived_thing(self) -> Thing:
        return PrivateThing(SOME_ID, 3)

    async def wrong(self) -> dict[str, Any]:
        return {"price": 1}


PEN = {"name": "pen", "price": "0.50"}


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("model", {}, {"name": "pen", "price": "12.50"}),
        ("derived_model", {}, PEN),
        ("models", {}, [PEN]),
        ("offer", {}, {"pen": PEN, "others": [PEN]}),
        ("any_model", {}, {"pen": {"unitPrice": "0.50"}}),
        ("dictionary", {"response_model": Public}, {"name": "pen", "price": "12.50"}),
        ("model", {"response_model_exclude": {"price"}}, {"name": "pen"}),
        ("derived_model", {"response_model_exclude_unset": True}, {"name": "pen"}),
        ("derived_thing", {}, {"id": str(SOME_ID), "version": 3}),
    ],
)
async def test_an_answer_has_only_the_documented_fields(
    serve: Serve, name: str, options: dict[str, Any], expected: Any
) -> None:
    router = ApiRouter()
    router.get("/shop", getattr(Shop(), name), access=PUBLIC, **options)
    answer = await send(serve(router), "GET", "/shop")
    assert (answer.status, answer.json()) == (200, expected)
    assert answer.header("content-length") == str(len(answer.body))


async def test_an_answer_of_an_undocumented_type_is_a_defect(
    serve: Serve, reported: list[Exception]
) -> None:
    router = ApiRouter()
    router.get("/shop", Shop().wrong, access=PUBLIC, response_model=Public)
    assert (await send(serve(router), "GET", "/shop")).json()["code"] == "internal_error"
    assert [type(error) for error in reported] == [ResponseValidationError]
