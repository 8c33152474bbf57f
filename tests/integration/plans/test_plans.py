"""No statement reads all of a growing table, or reads rows and discards them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import asyncpg
import pytest

from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.statement import Statement
from tests.integration.plans import allowed, examples, filling
from tests.integration.plans.shapes import counts_of, shapes_of
from tests.integration.plans.statements import (
    constants,
    is_plain_insert,
    lists,
    parameters,
)
from tests.support.filling import ROWS
from tests.support.manifest import Allowed, Plans, manifests
from tests.support.plans import Reading, explain, reading

# One more step into an index, such as to the head of a stream.
BESIDES: Final = 2

BASE: Final = Plans(
    fills=filling.FILLS,
    values=examples.VALUES,
    own=examples.OWN,
    allowed=allowed.ALLOWED,
    small=allowed.SMALL,
)
OF_MODULES: Final = {name: manifest.plans for name, manifest in manifests().items()}
ALL: Final = (BASE, *OF_MODULES.values())
ALLOWED: Final = {key: leave for plans in ALL for key, leave in plans.allowed.items()}
SMALL: Final = {table: why for plans in ALL for table, why in plans.small.items()}


class Case(NamedTuple):
    name: str
    query: Statement
    values: dict[str, Any]
    key: Any
    """Its name in ALLOWED; None if it is not there."""


def of_constants() -> Iterator[Case]:
    for query, name in constants().items():
        if not is_plain_insert(query):
            yield Case(name, query, values_of(query, name), query)


def of_lists() -> Iterator[Case]:
    for rows, name in lists().items():
        values = values_of(rows, name)
        for shape in shapes_of(rows):
            key = rows if shape.is_filtered else None
            yield Case(f"{name}: {shape.name}", shape.query, values, key)
        for shape in counts_of(rows) if (rows, "count") in ALLOWED else ():
            yield Case(f"{name}: total, {shape.name}", shape.query, values, (rows, "count"))


def values_of(query: Statement | KeysetList[Any], name: str) -> dict[str, Any]:
    """Return the values of a statement or list: its module's, or else the base's."""
    plans = plans_of(name)
    return {**BASE.values, **plans.values, **plans.own.get(query, {})}


def plans_of(name: str) -> Plans:
    """Return the plans of the statements of a module such as `app.modules.user`."""
    packages = name.split(".")
    return OF_MODULES[packages[2]] if packages[1] == "modules" else BASE


@pytest.fixture(scope="module")
async def filled(
    another_database: Callable[[str, str], str],
) -> AsyncIterator[asyncpg.Pool]:
    address = another_database("postgresql", "plans")
    await filling.fill(address, [fill for plans in ALL for fill in plans.fills])
    async with asyncpg.create_pool(address, min_size=2, max_size=2) as pool:
        yield pool


# --- Nothing is left out ------------------------------------------------------------------------


def test_every_statement_has_an_example() -> None:
    missing = {
        name: absent
        for query, name in constants().items()
        if not is_plain_insert(query)
        and (absent := parameters(query) - values_of(query, name).keys())
    }
    assert missing == {}, (
        "these parameters have no values: add them to `plans.values` of the module's manifest, or "
        "to `plans.own` if another statement means something else by the name"
    )


def test_every_list_has_an_example() -> None:
    missing = {
        f"{name}: {shape.name}": absent
        for rows, name in lists().items()
        for shape in shapes_of(rows)
        if (absent := parameters(shape.query) - values_of(rows, name).keys())
    }
    assert missing == {}, (
        "these parameters have no values: add them to `plans.values` of the module's manifest, or "
        "to `plans.own` if the list means something else by the name"
    )


async def test_every_table_that_grows_is_full(filled: asyncpg.Pool) -> None:
    rows = await filled.fetch("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'")
    full = {row["relname"] for row in rows if row["reltuples"] >= ROWS * 0.99}
    assert metadata.tables.keys() - full == SMALL.keys(), (
        "fill the table in `plans.fills` of the module's manifest, or say in `plans.small` why it "
        "never grows"
    )


# --- What is read -------------------------------------------------------------------------------


async def test_no_statement_reads_more_than_twice_its_result(filled: asyncpg.Pool) -> None:
    readings = await read_all(filled)
    trouble = {
        f"{case.name}, {when}": found
        for case, both in readings
        for when, found in zip(("at first", "later"), both, strict=True)
        if is_too_much(found, ALLOWED.get(case.key))
    }
    assert trouble == {}, (
        "mend the statement, or give it an index; see also `plans.allowed` of manifests"
    )

    found_nothing = [
        case.name for case, (first, _) in readings if case.key is case.query and not first.found
    ]
    assert found_nothing == [], "their examples prove nothing: give some that find a row"

    spared = {case.key for case, both in readings if any(is_too_much(each, None) for each in both)}
    assert ALLOWED.keys() - spared == set(), "these keep the rule by now: strike them from ALLOWED"


def is_too_much(found: Reading, allowed: Allowed | None) -> bool:
    through = found.read_through & metadata.tables.keys() - SMALL.keys()
    if through and not (allowed and allowed.may_read_through):
        return True
    most = max(2 * max(found.found, 1) + BESIDES, allowed.most if allowed else 0)
    return max(found.rows.values(), default=0) > most


async def read_all(pool: Any) -> list[tuple[Case, tuple[Reading, Reading]]]:
    async def read(part: Iterable[Case]) -> list[tuple[Case, tuple[Reading, Reading]]]:
        async with pool.acquire() as connection:
            plans = [(case, await explain(connection, case.query, case.values)) for case in part]
        return [(case, (reading(first), reading(later))) for case, (first, later) in plans]

    # At the same time, because lists only read: two that write would disturb each other.
    written, read_only = await asyncio.gather(read(of_constants()), read(of_lists()))
    return written + read_only


def test_rows_that_refer_to_a_deleted_row_are_found_by_an_index() -> None:
    """A plan does not show it: foreign keys are checked outside of it."""
    for table in metadata.tables.values():
        first = {next(iter(index.columns.keys())) for index in table.indexes}
        first.add(table.primary_key.columns.keys()[0])
        assert {key.parent.name for key in table.foreign_keys} <= first, table.name
