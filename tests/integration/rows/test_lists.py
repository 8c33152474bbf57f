"""Lists in pages: each row once and in order, with nulls and in both directions."""

import datetime as dt
import random
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, Text, bindparam, case, cast, insert, select

from app.core.cursors import Cursors, InvalidCursor
from app.shared.application.dto import CursorPage, PageRequest
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.statement import Statement
from tests.integration.rows.tables import thing
from tests.support.requests import request_at_hand
from tests.support.statements import recorded

Thing = dict[str, Any]

OWNER, OTHER = new_id(), new_id()
DAY: Final = dt.datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=dt.UTC)
ADD = Statement(insert(thing), columns=[column.name for column in thing.columns])
CURSORS = Cursors("a key for tests only, and long enough")

_of_owner = select(thing.c.id, thing.c.due_at, thing.c.kind).where(
    thing.c.owner_id == bindparam("owner_id")
)
SORTS: Final[dict[str, list[ColumnElement[Any]]]] = {
    "due_at": [thing.c.due_at],
    "late_first": [thing.c.due_at.desc()],
    "rank": [thing.c.rank],
    "kind": [thing.c.kind, thing.c.rank],
    "kind, ranks descending": [thing.c.kind, thing.c.rank.desc()],
    "kinds descending, rank, due": [thing.c.kind.desc(), thing.c.rank, thing.c.due_at],
}
LIST = KeysetList(
    "things",
    _of_owner,
    unique=thing.c.id,
    sorts=SORTS,
    filters={"kind": thing.c.kind == bindparam("kind"), "undated": thing.c.due_at.is_(None)},
    view=dict,
)
MERGED = KeysetList(
    "things of two kinds",
    _of_owner.where(thing.c.kind == "a"),
    _of_owner.where(thing.c.kind != "a"),
    unique=thing.c.id,
    sorts=SORTS,
    view=dict,
)


def after_all(value: Any) -> tuple[bool, Any]:
    """Null comes after every value."""
    return (value is None, value)


EXPECTED: Final[dict[str, list[tuple[str, bool]]]] = {
    "due_at": [("due_at", False)],
    "late_first": [("due_at", True)],
    "rank": [("rank", False)],
    "kind": [("kind", False), ("rank", False)],
    "kind, ranks descending": [("kind", False), ("rank", True)],
    "kinds descending, rank, due": [("kind", True), ("rank", False), ("due_at", False)],
}
"""The columns of each order, written independently: the column, and whether it is descending."""


def in_order(things: Iterable[Thing], sort: str) -> list[UUID]:
    """Sort by one column after another, the last one first: Python's sort is stable."""
    keys = EXPECTED[sort.removeprefix("-")]
    keys = [*keys, ("id", keys[-1][1])]
    found = list(things)
    for name, is_descending in reversed(keys):
        is_turned = is_descending != sort.startswith("-")
        found.sort(key=lambda one, name=name: after_all(one[name]), reverse=is_turned)  # type: ignore[misc]
    return [one["id"] for one in found]


@pytest.fixture
async def things(database: Database) -> list[Thing]:
    """Sixty rows of one owner, with many equal and many missing values."""
    dice = random.Random(7)  # noqa: S311 - an example, not a secret
    found = [
        {
            "id": new_id(),
            "owner_id": OWNER,
            "kind": dice.choice([None, "a", "b", "ç"]),
            "rank": dice.randrange(3),
            "due_at": dice.choice([None, *(DAY + dt.timedelta(days=n) for n in range(3))]),
        }
        for _ in range(60)
    ]
    dice.shuffle(found)
    async with database.transaction() as connection:
        await connection.execute_many(
            ADD, [*found, {**found[0], "id": new_id(), "owner_id": OTHER}]
        )
        await connection.commit()
    return found


async def page(
    database: Database, rows: KeysetList[Thing] = LIST, **asked: Any
) -> CursorPage[Thing]:
    filters = asked.pop("filters", {})
    owner = {"owner_id": asked.pop("owner_id", OWNER)}
    return await rows.page(database, CURSORS, PageRequest(**asked), owner, filters)


async def all_pages(
    database: Database, rows: KeysetList[Thing] = LIST, **asked: Any
) -> list[list[UUID]]:
    found, cursor = [], None
    while True:
        one = await page(database, rows, cursor=cursor, **asked)
        found.append([item["id"] for item in one.items])
        assert len(found) < 100, "the pages have no end"
        cursor = one.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("sort", LIST.orders)
@pytest.mark.parametrize("limit", [1, 7])
async def test_all_pages_together_are_all_rows_once_and_in_order(
    database: Database, things: list[Thing], sort: str, limit: int
) -> None:
    found = await all_pages(database, sort=sort, limit=limit)
    assert [id for one in found for id in one] == in_order(things, sort or "due_at")
    assert {len(one) for one in found[:-1]} == {limit}


@pytest.mark.parametrize("sort", ["due_at", "-due_at", "kinds descending, rank, due"])
async def test_a_list_of_two_selects_is_merged_in_order(
    database: Database, things: list[Thing], sort: str
) -> None:
    found = await all_pages(database, MERGED, sort=sort, limit=4)
    expected = in_order([one for one in things if one["kind"] is not None], sort)
    assert [id for one in found for id in one] == expected


async def test_a_filter_without_a_value_is_not_applied(
    database: Database, things: list[Thing]
) -> None:
    undated = [one for one in things if one["due_at"] is None]
    asked = {"kind": None, "undated": True}
    found = await all_pages(database, filters=asked, sort="rank", limit=3)
    assert [id for one in found for id in one] == in_order(undated, "rank")


async def test_the_total_counts_the_matching_rows(database: Database, things: list[Thing]) -> None:
    found = await page(database, filters={"kind": "ç"}, limit=2, with_total=True)
    assert found.total == len([one for one in things if one["kind"] == "ç"])
    assert (len(found.items), found.limit) == (2, 2)


async def test_a_key_that_is_not_selected_is_not_in_the_items(
    database: Database, things: list[Thing]
) -> None:
    found = await page(database, sort="rank", limit=1)
    assert list(found.items[0]) == ["id", "due_at", "kind"]
    assert found.next_cursor is not None


@pytest.mark.parametrize(
    "change",
    [
        {"owner_id": OTHER},
        {"sort": "-due_at"},
        {"sort": "rank"},
        {"filters": {"undated": True}},
        {"rows": MERGED},
    ],
)
async def test_a_cursor_of_another_list_is_refused(
    database: Database, things: list[Thing], change: dict[str, Any]
) -> None:
    first = await page(database, sort="due_at", limit=1)
    with pytest.raises(InvalidCursor):
        await page(database, **{"sort": "due_at", "cursor": first.next_cursor, **change})


async def test_a_page_ends_early_when_its_long_texts_have_too_many_bytes(
    database: Database, things: list[Thing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.shared.infrastructure.database.keyset.PAGE_BYTES", 100)
    text = cast(case((thing.c.kind == "a", "text of 9"), else_="long text " * 20), Text)
    heavy = KeysetList(
        "heavy things",
        _of_owner.add_columns(text.label("text")),
        unique=thing.c.id,
        sorts=SORTS,
        view=dict,
    )
    found = await all_pages(database, heavy, sort="kind", limit=20)
    assert [id for one in found for id in one] == in_order(things, "kind")
    assert len(found[0]) == 10
    assert {len(one) for one in found[5:]} == {1}


async def test_a_page_is_one_statement(database: Database, things: list[Thing]) -> None:
    first = await page(database, sort="-due_at", limit=10)
    assert first.items[-1]["due_at"] is None
    async with recorded(database) as statements:
        with request_at_hand(request_id="request-0001"):
            await page(database, sort="-due_at", limit=10, cursor=first.next_cursor)
        assert len(await statements.in_all()) == 1


def test_the_statement_of_a_list_is_built_once_for_each_form() -> None:
    def shape(sort: str, *filters: str, nulls: frozenset[str] | None = None) -> object:
        return LIST.statement(frozenset(filters), sort, nulls)

    assert shape("due_at", "kind", "undated") is shape("due_at", "undated", "kind")
    assert shape("due_at") is not shape("-due_at")
    assert shape("due_at") is not shape("due_at", nulls=frozenset())
    assert shape("due_at", nulls=frozenset()) is not shape(
        "due_at", nulls=frozenset({"seen_due_at"})
    )
    assert LIST.count(frozenset({"kind"})) is LIST.count(frozenset({"kind"}))


def test_two_keys_with_one_name_are_refused() -> None:
    other = thing.alias("other")
    with pytest.raises(ValueError, match=r"\['seen_rank', 'seen_rank', 'seen_id'\]"):
        KeysetList(
            "twice",
            select(thing.c.id).join(other, other.c.id == thing.c.id),
            unique=thing.c.id,
            sorts={"rank": [thing.c.rank, other.c.rank]},
            view=dict,
        )
