"""Each kind of parameter is read as documented, or refused."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import pytest
from fastapi import Form, Query
from pydantic import Field

from app.core.http.parameters import CurrentActor, IfMatch
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body, Digits, Flag, Id, Length, Line, Parameters
from app.core.http.schema_values import Date, Duration, Scale
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC
from tests.support.raw import Answer, send
from tests.unit.core.http.conftest import ANA, Serve

JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
SOME_ID = "0190f5a0-0000-7000-8000-000000000001"


class Note(Body):
    text: Annotated[Line, Length(0, 100)]


class Filter(Parameters):
    q: Line | None = None
    limit: Annotated[int, Field(ge=1, le=100), Digits] = 20
    all: Flag = False


class Several(Parameters):
    days: Annotated[list[Date], Field(max_length=3)] = Field(default_factory=list)
    prices: list[Annotated[Decimal, Scale(2)]] | None = None
    limit: Annotated[int, Digits] = 20


class Login(Parameters):
    name: str
    scope: str = ""


class Colour(StrEnum):
    RED = "red"


class Echo:
    """Endpoints that return their arguments."""

    async def path(self, id: Id) -> dict[str, Any]:
        return {"id": id}

    async def converted(self, number: int, colour: Colour) -> dict[str, Any]:
        return {"number": number, "colour": colour}

    async def query(self, query: Annotated[Filter, Query()]) -> dict[str, Any]:
        return query.model_dump()

    async def several(self, query: Annotated[Several, Query()]) -> dict[str, Any]:
        return query.model_dump()

    async def typed(
        self, day: Date, price: Annotated[Decimal, Scale(2)], length: Duration
    ) -> dict[str, Any]:
        return {"day": day, "price": price, "length": length}

    async def body(self, body: Note) -> dict[str, Any]:
        return {"length": len(body.text)}

    async def form(self, form: Annotated[Login, Form()]) -> dict[str, Any]:
        return form.model_dump()

    async def version(self, version: IfMatch) -> dict[str, Any]:
        return {"version": version}

    async def actor(self, actor: CurrentActor) -> dict[str, Any]:
        return {"user_id": actor.user_id}

    async def nothing(self) -> dict[str, Any]:
        return {}

    async def all(
        self,
        id: Id,
        actor: CurrentActor,
        version: IfMatch,
        query: Annotated[Filter, Query()],
        body: Note,
    ) -> dict[str, Any]:
        return {
            "id": id,
            "user_id": actor.user_id,
            "version": version,
            "limit": query.limit,
            "text": body.text,
        }


@pytest.fixture
def app(serve: Serve) -> Service:
    router, echo = ApiRouter(), Echo()
    router.get("/path/{id}", echo.path, access=PUBLIC)
    router.get("/converted/{number}/{colour}", echo.converted, access=PUBLIC)
    router.get("/query", echo.query, access=PUBLIC)
    router.get("/several", echo.several, access=PUBLIC)
    router.get("/typed/{day}/{price}/{length}", echo.typed, access=PUBLIC)
    router.post("/body", echo.body, access=PUBLIC)
    router.post("/form", echo.form, access=PUBLIC)
    router.post("/version", echo.version, access=PUBLIC)
    router.get("/actor", echo.actor, access=AUTHENTICATED)
    router.get("/nothing", echo.nothing, access=PUBLIC)
    router.put("/all/{id}", echo.all, access=AUTHENTICATED)
    return serve(router)


def complaints(answer: Answer) -> list[tuple[str, str]]:
    """Return the place and the code of each error of a 422."""
    assert answer.status == 422, answer.body
    errors = answer.json()["errors"]
    return [(error.get("parameter", error.get("pointer")), error["code"]) for error in errors]


# --- Path ---------------------------------------------------------------------------------------


async def test_a_path_parameter_is_converted_to_its_type(app: Service) -> None:
    assert (await send(app, "GET", f"/path/{SOME_ID}")).json() == {"id": SOME_ID}
    assert (await send(app, "GET", "/converted/12/red")).json() == {"number": 12, "colour": "red"}


async def test_an_invalid_path_parameter_is_reported_by_name(app: Service) -> None:
    assert complaints(await send(app, "GET", "/path/%7B12%7D")) == [("id", "invalid_format")]
    assert complaints(await send(app, "GET", "/converted/x/red")) == [("number", "wrong_type")]
    assert complaints(await send(app, "GET", "/converted/1/blue")) == [("colour", "not_allowed")]


async def test_a_path_has_dates_decimals_and_durations(app: Service) -> None:
    answer = await send(app, "GET", "/typed/2026-01-31/12.5/PT90M")
    assert answer.json() == {"day": "2026-01-31", "price": "12.50", "length": "PT1H30M"}
    wrong = await send(app, "GET", "/typed/2026-02-30/1e5/P1M")
    assert complaints(wrong) == [("day", "invalid_format")]


# --- Query --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"q": None, "limit": 20, "all": False}),
        ("limit=5&all=true", {"q": None, "limit": 5, "all": True}),
        ("q=a%20b+c%26%C3%A7", {"q": "a b c&ç", "limit": 20, "all": False}),
        ("q=a=b", {"q": "a=b", "limit": 20, "all": False}),
        ("&limit=5&", {"q": None, "limit": 5, "all": False}),
    ],
)
async def test_a_query_is_decoded(app: Service, query: str, expected: dict[str, Any]) -> None:
    assert (await send(app, "GET", f"/query?{query}")).json() == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", [("limit", "out_of_range")]),
        ("limit=", [("limit", "wrong_type")]),
        ("all=1", [("all", "wrong_type")]),
        ("page=1", [("page", "unknown_parameter")]),
        ("limit=5&limit=5", [("limit", "duplicate_parameter")]),
        ("x=1&x=2", [("x", "duplicate_parameter"), ("x", "unknown_parameter")]),
        ("Limit=5", [("Limit", "unknown_parameter")]),
        ("x" * 70, [("x" * 64, "unknown_parameter")]),
        ("a[b].c-d_1=2", [("a[b].c-d_1", "unknown_parameter")]),
        ('{"password":"secret"}', [("?", "unknown_parameter")]),
        ("%00=1", [("?", "unknown_parameter")]),
        ("=1", [("?", "unknown_parameter")]),
    ],
)
async def test_a_query_that_is_not_documented_is_refused_by_its_name(
    app: Service, query: str, expected: list[tuple[str, str]]
) -> None:
    assert complaints(await send(app, "GET", f"/query?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"days": [], "prices": None, "limit": 20}),
        ("days=2026-01-31", {"days": ["2026-01-31"], "prices": None, "limit": 20}),
        (
            "days=2026-01-31&limit=5&prices=1&days=2026-01-30&prices=2.5",
            {"days": ["2026-01-31", "2026-01-30"], "prices": ["1.00", "2.50"], "limit": 5},
        ),
    ],
)
async def test_a_list_has_a_parameter_for_each_value(
    app: Service, query: str, expected: dict[str, Any]
) -> None:
    assert (await send(app, "GET", f"/several?{query}")).json() == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("days=2026-01-31,2026-01-30", [("days.0", "invalid_format")]),
        ("days=2026-01-31&days=", [("days.1", "invalid_format")]),
        ("&".join(["days=2026-01-31"] * 4), [("days", "too_long")]),
        ("prices=1&prices=NaN", [("prices.1", "invalid_format")]),
        ("limit=1&limit=1&days=2026-01-31&days=2026-01-31", [("limit", "duplicate_parameter")]),
        ("days[]=2026-01-31", [("days[]", "unknown_parameter")]),
    ],
)
async def test_a_list_with_a_wrong_value_is_refused_with_its_place(
    app: Service, query: str, expected: list[tuple[str, str]]
) -> None:
    assert complaints(await send(app, "GET", f"/several?{query}")) == expected


@pytest.mark.parametrize("path", ["/query", "/nothing"])
@pytest.mark.parametrize(
    "query",
    [
        pytest.param(b"q=%ff", id="no-utf-8"),
        pytest.param(b"q=%ED%A0%80", id="a-lone-surrogate"),
        pytest.param(b"q=%zz", id="no-hexadecimal-digits"),
        pytest.param(b"q=%", id="nothing-after-the-percent"),
        pytest.param(b"q=%1", id="one-digit"),
        pytest.param(b"q=\xff", id="a-raw-byte"),
        pytest.param(b"&".join(b"a%d=1" % n for n in range(101)), id="too-many"),
    ],
)
async def test_a_query_that_can_not_be_decoded_is_malformed(
    app: Service, path: str, query: bytes
) -> None:
    answer = await send(app, "GET", path.encode() + b"?" + query)
    assert (answer.status, answer.json()["code"]) == (400, "malformed_request")


async def test_an_endpoint_without_a_query_takes_none(app: Service) -> None:
    assert complaints(await send(app, "GET", "/nothing?a=1")) == [("a", "unknown_parameter")]
    assert (await send(app, "GET", "/nothing?")).status == 200


# --- Body ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/merge-patch+json",
        "Application/JSON; charset=utf-8",
        "application/json;",
    ],
)
async def test_a_json_body_is_read(app: Service, media_type: str) -> None:
    headers = [(b"content-type", media_type.encode())]
    answer = await send(app, "POST", "/body", headers=headers, body=[b'{"te', b'xt": "a"}', b""])
    assert answer.json() == {"length": 1}


@pytest.mark.parametrize("path", ["/body", "/form"])
@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/jsonp", "multipart/form-data"]
)
async def test_a_body_of_another_type_is_refused_unread(
    app: Service, path: str, media_type: str
) -> None:
    headers = [(b"content-type", media_type.encode())] if media_type else []
    answer = await send(app, "POST", path, headers=headers, body=unread())
    assert (answer.status, answer.json()["code"]) == (415, "unsupported_media_type")


def unread() -> Iterator[bytes]:
    """A body that must not be read."""
    yield _fail()


def _fail() -> bytes:
    pytest.fail("the body was read")


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"0")]])
@pytest.mark.parametrize("path", ["/body", "/form"])
async def test_a_missing_body_is_reported(
    app: Service, path: str, headers: list[tuple[bytes, bytes]]
) -> None:
    answer = await send(app, "POST", path, headers=headers)
    assert (answer.status, answer.json()["code"]) == (400, "malformed_request")
    assert answer.json()["detail"].startswith("There is no body; send one as application/")


async def test_a_body_that_is_cut_off_is_malformed(app: Service) -> None:
    answer = await send(app, "POST", "/body", headers=[JSON], body=[b'{"text": "a"}'])
    assert (answer.status, answer.json()["code"]) == (400, "malformed_request")


async def test_an_invalid_field_is_reported_with_its_pointer(app: Service) -> None:
    answer = await send(app, "POST", "/body", headers=[JSON], body=b'{"text": 1, "a/b~": 2}')
    assert sorted(complaints(answer)) == [("/a~1b~0", "unknown_field"), ("/text", "wrong_type")]


# --- Form ---------------------------------------------------------------------------------------


async def test_a_form_is_read(app: Service) -> None:
    answer = await send(app, "POST", "/form", headers=[FORM], body=b"name=a%40b+c&scope=")
    assert answer.json() == {"name": "a@b c", "scope": ""}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", [("name", "required")]),
        (b"name=a&name=b", [("name", "duplicate_parameter")]),
        (b"name=a&more=b", [("more", "unknown_parameter")]),
    ],
)
async def test_a_form_that_is_not_documented_is_refused(
    app: Service, body: bytes, expected: list[tuple[str, str]]
) -> None:
    assert complaints(await send(app, "POST", "/form", headers=[FORM], body=body)) == expected


async def test_a_form_ignores_the_query(app: Service) -> None:
    answer = await send(app, "POST", "/form?name=a", headers=[FORM], body=b"name=a")
    assert complaints(answer) == [("name", "unknown_parameter")]


# --- If-Match -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ('"3"', 3),
        (' "3" ', 3),
        ("*", None),
        (" * ", None),
        ('W/"3"', 3),  # as nginx sends it when it compresses an answer
        ('"3-gzip"', 3),  # as Apache does
        ('W/"3-br"', 3),
    ],
)
async def test_if_match_contains_the_version_that_the_caller_saw(
    app: Service, tag: str, version: int | None
) -> None:
    answer = await send(app, "POST", "/version", headers=[(b"if-match", tag.encode())])
    assert answer.json() == {"version": version}


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "3",
        'w/"3"',
        '"3-c4n4ry"',
        '"3", "4"',
        '"-1"',
        '"x"',
        '"٣"',
        '"' + "9" * 19 + '"',
        "**",
        '"3"\xff',
    ],
)
async def test_an_unknown_etag_does_not_match(app: Service, tag: str) -> None:
    answer = await send(app, "POST", "/version", headers=[(b"if-match", tag.encode())])
    assert (answer.status, answer.json()["code"]) == (412, "stale_version")


async def test_a_missing_if_match_is_a_428(app: Service) -> None:
    answer = await send(app, "POST", "/version")
    assert (answer.status, answer.json()["code"]) == (428, "version_required")


# --- Together -----------------------------------------------------------------------------------


async def test_all_kinds_of_parameters_can_be_combined(app: Service) -> None:
    headers = [JSON, (b"if-match", b'"7"'), (b"authorization", b"Bearer ana")]
    answer = await send(
        app, "PUT", f"/all/{SOME_ID}?limit=3", headers=headers, body=b'{"text": "a"}'
    )
    assert answer.json() == {
        "id": SOME_ID,
        "user_id": str(ANA.user_id),
        "version": 7,
        "limit": 3,
        "text": "a",
    }
