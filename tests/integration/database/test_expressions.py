"""Expressions that each database writes in its own way, with the same result on both."""

import pytest
from sqlalchemy import String, bindparam, literal, select

from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import array_has
from app.shared.infrastructure.database.models import Json
from app.shared.infrastructure.database.statement import Statement

LABELS = ["home", "ção", "it's", '"quoted"', "10 %", "a,b", "back\\slash", "?", "null"]

FIND = Statement(
    select(literal(1)).where(array_has(literal(LABELS, Json), bindparam("label", type_=String())))
)


async def has(database: Database, label: str) -> bool:
    return await database.fetch_one(FIND, {"label": label}) is not None


@pytest.mark.parametrize("label", LABELS)
async def test_an_array_has_each_of_its_items(database: Database, label: str) -> None:
    assert await has(database, label)


@pytest.mark.parametrize("label", ["", "hom", "HOME", "home ", "a", "[", "0", "%", "10 %%", "_"])
async def test_an_array_has_nothing_else(database: Database, label: str) -> None:
    assert not await has(database, label)


async def test_an_empty_array_has_nothing(database: Database) -> None:
    query = Statement(select(literal(1)).where(array_has(literal([], Json), literal("home"))))
    assert await database.fetch_one(query, {}) is None
