"""The OpenAPI document, as client generators need it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.exceptions import Conflict, NotFound
from app.core.http.openapi import class_name
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body, Parameters
from app.core.http.schema_values import Date, Scale
from app.core.security import PUBLIC
from app.shared.domain.value_objects import Money
from app.shared.presentation.money import MoneyRange
from tests.unit.core.http.conftest import Serve

Item = TypeVar("Item")


@dataclass
class Inner:
    title: str
    default: Annotated[str, Field(examples=[{"title": "as it is"}])]


@dataclass
class Pile(Generic[Item]):
    items: list[Item]


@dataclass
class Counted:
    total: int = 0


class Draft(Body):
    color: Literal["red", "blue"] = "red"


class Order(Parameters):
    sort: Literal["size", "-size"] = "size"
    color: Literal["red", "blue"] | None = None


class Piles:
    async def get(self) -> Pile[Inner]:
        """Get a pile."""
        return Pile([])

    async def list(self) -> Pile[Pile[Inner]]:
        """List the piles."""
        return Pile([])

    async def create(self, body: Draft) -> Counted:
        """Create a pile."""
        return Counted(len(body.color))

    async def count(self, query: Annotated[Order, Query()]) -> Counted:
        """Count the piles."""
        return Counted(len(query.sort))


@pytest.fixture
def document(serve: Serve) -> dict[str, Any]:
    router, piles = ApiRouter("/piles", tags=["piles"], description="Piles."), Piles()
    router.get("", piles.get, access=PUBLIC, raises=[NotFound])
    router.post("", piles.create, access=PUBLIC)
    router.get("/count", piles.count, access=PUBLIC)
    router.get("/all", piles.list, access=PUBLIC, raises=[NotFound, Conflict])
    return serve(router).openapi()


def schema_of(document: dict[str, Any], path: str) -> str:
    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    reference: str = answer["schema"]["$ref"]
    return reference.rpartition("/")[2]


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("NoteView", "NoteView"),
        ("Listing_NoteView_", "NoteViewListing"),
        ("Listing_Page_NoteView__", "NoteViewPageListing"),
        ("NoteDraft-Input", "InputNoteDraft"),
    ],
)
def test_a_schema_has_the_name_of_a_class(schema: str, name: str) -> None:
    assert class_name(schema) == name


def test_a_generic_class_of_answers_is_another_schema_for_each_kind_of_item(
    document: dict[str, Any],
) -> None:
    assert schema_of(document, "/piles") == "InnerPile"
    assert schema_of(document, "/piles/all") == "InnerPilePile"
    schemas = document["components"]["schemas"]
    items = schemas["InnerPilePile"]["properties"]["items"]["items"]
    assert items == {"$ref": "#/components/schemas/InnerPile"}
    assert {name for name, schema in schemas.items() if schema["title"] != name} == set()


def test_fields_and_examples_with_names_of_keywords_stay_unchanged(
    document: dict[str, Any],
) -> None:
    assert document["components"]["schemas"]["Inner"]["properties"] == {
        "title": {"type": "string"},
        "default": {"type": "string", "examples": [{"title": "as it is"}]},
    }


def test_operations_share_their_common_problems_by_reference(
    document: dict[str, Any],
) -> None:
    one, both = (document["paths"][path]["get"]["responses"] for path in ("/piles", "/piles/all"))
    assert one["404"] == both["404"] == {"$ref": "#/components/responses/NotFound"}
    assert document["components"]["responses"]["NotFound"]["description"] == "`not_found`"


def test_a_tag_is_described_by_its_router(document: dict[str, Any]) -> None:
    assert document["tags"] == [{"name": "piles", "description": "Piles."}]


@dataclass
class Offer:
    price: Money
    rate: Decimal
    day: dt.date
    at: dt.time
    length: dt.timedelta
    days: list[dt.date]


class OfferDraft(Body):
    price: Annotated[Money, MoneyRange(least=0)]
    rate: Annotated[Decimal, Scale(3, digits=6)]
    days: list[Date]


class OfferFilter(Parameters):
    days: list[Date] = Field(default_factory=list)
    least: Annotated[Decimal, Scale(2)] | None = None


class Offers:
    async def create(self, body: OfferDraft) -> Offer:
        """Make an offer."""
        raise NotFound

    async def list(self, query: Annotated[OfferFilter, Query()]) -> list[Offer]:
        """List the offers."""
        return []


def test_the_forms_of_values_are_described(serve: Serve) -> None:
    router, offers = ApiRouter("/offers", tags=["offers"], description="Offers."), Offers()
    router.post("", offers.create, access=PUBLIC)
    router.get("", offers.list, access=PUBLIC)
    document = serve(router).openapi()

    schemas = document["components"]["schemas"]
    answered = schemas["Offer"]["properties"]
    formats = {name: schema.get("format") for name, schema in answered.items()}
    assert formats == {
        "price": None,
        "rate": "decimal",
        "day": "date",
        "at": "time-local",
        "length": "duration",
        "days": None,
    }
    assert answered["rate"]["pattern"] == r"^-?[0-9]+(\.[0-9]+)?$"
    assert answered["days"]["items"]["format"] == "date"
    assert answered["price"]["$ref"] == "#/components/schemas/Money"
    assert schemas["Money"]["properties"]["amount"]["format"] == "decimal"

    sent = schemas["OfferDraft"]["properties"]
    assert sent["rate"]["pattern"] == r"^-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,3})?$"
    assert sent["price"]["properties"]["amount"]["description"] == "At least 0."

    parameters = document["paths"]["/offers"]["get"]["parameters"]
    [days, least] = [parameter["schema"] for parameter in parameters]
    assert (days["type"], days["items"]["format"]) == ("array", "date")
    assert least["format"] == "decimal"


def test_an_answer_has_all_its_fields_and_a_body_those_without_a_default(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Counted"]["required"] == ["total"]
    assert "default" not in schemas["Counted"]["properties"]["total"]
    assert "required" not in schemas["Draft"]
    assert schemas["Draft"]["properties"]["color"]["default"] == "red"


@pytest.mark.parametrize("option", ["unset", "defaults", "none"])
def test_an_answer_of_which_fastapi_leaves_fields_out_does_not_promise_them(
    serve: Serve, option: str
) -> None:
    class Maybe(BaseModel):
        value: int | None = None

    router = APIRouter()
    exclude: dict[str, Any] = {f"response_model_exclude_{option}": True}

    @router.get("/maybe", **exclude)
    async def maybe() -> Maybe:
        return Maybe()

    app = serve()
    app.mount_router(router, access=PUBLIC)
    assert "required" not in app.openapi()["components"]["schemas"]["Maybe"]


def test_an_optional_parameter_is_never_null(document: dict[str, Any]) -> None:
    _, color = document["paths"]["/piles/count"]["get"]["parameters"]
    assert color["schema"] == {"type": "string", "enum": ["red", "blue"]}
    assert not color["required"]


def test_values_that_begin_with_a_hyphen_have_names(document: dict[str, Any]) -> None:
    sort, _ = document["paths"]["/piles/count"]["get"]["parameters"]
    assert sort["schema"]["x-enum-varnames"] == ["SIZE", "SIZE_DESCENDING"]
