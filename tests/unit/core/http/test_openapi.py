"""The OpenAPI document, as generators of clients need it."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import Field

from app.core.exceptions import Conflict, NotFound
from app.core.http.openapi import class_name
from app.core.http.routing import ApiRouter
from app.core.security import PUBLIC
from tests.unit.core.http.conftest import Serve

Item = TypeVar("Item")


@dataclass
class Inner:
    title: str
    default: Annotated[str, Field(examples=[{"title": "as it is"}])]


@dataclass
class Pile(Generic[Item]):
    items: list[Item]


class Piles:
    async def get(self) -> Pile[Inner]:
        """Get a pile."""
        return Pile([])

    async def list(self) -> Pile[Pile[Inner]]:
        """List the piles."""
        return Pile([])


@pytest.fixture
def document(serve: Serve) -> dict[str, Any]:
    router, piles = ApiRouter("/piles", tags=["piles"], description="Piles."), Piles()
    router.get("", piles.get, access=PUBLIC, raises=[NotFound])
    router.get("/all", piles.list, access=PUBLIC, raises=[NotFound, Conflict])
    return serve(router).openapi()


def schema_of(document: dict[str, Any], path: str) -> str:
    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    reference: str = answer["schema"]["$ref"]
    return reference.rpartition("/")[2]


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("TaskView", "TaskView"),
        ("Listing_TaskView_", "TaskViewListing"),
        ("Listing_Page_TaskView__", "TaskViewPageListing"),
        ("TaskDraft-Input", "InputTaskDraft"),
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


def test_fields_and_samples_that_are_called_like_keywords_stay_as_they_are(
    document: dict[str, Any],
) -> None:
    assert document["components"]["schemas"]["Inner"]["properties"] == {
        "title": {"type": "string"},
        "default": {"type": "string", "examples": [{"title": "as it is"}]},
    }


def test_operations_refer_to_the_problems_that_they_have_in_common(
    document: dict[str, Any],
) -> None:
    one, both = (document["paths"][path]["get"]["responses"] for path in ("/piles", "/piles/all"))
    assert one["404"] == both["404"] == {"$ref": "#/components/responses/NotFound"}
    assert document["components"]["responses"]["NotFound"]["description"] == "`not_found`"


def test_a_tag_is_described_by_its_router(document: dict[str, Any]) -> None:
    assert document["tags"] == [{"name": "piles", "description": "Piles."}]
