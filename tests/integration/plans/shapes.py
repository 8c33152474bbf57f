"""The statements of a list: one for each form of a query."""

from collections.abc import Iterable, Iterator
from itertools import combinations, product
from typing import Any, NamedTuple

from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.list_order import Key
from app.shared.infrastructure.database.statement import Statement


class Shape(NamedTuple):
    name: str
    query: Statement
    is_filtered: bool


def shapes_of(rows: KeysetList[Any]) -> Iterator[Shape]:
    """No filter, each alone and all, in each order; and each two in the default order."""
    names = sorted(rows.filters)
    filters = [(), *((name,) for name in names), tuple(names)]
    asked = [*product(filters, rows.orders), *product(combinations(names, 2), [""])]
    for chosen, sort in asked:
        for nulls in _positions(rows.orders[sort].keys):
            query = rows.statement(frozenset(chosen), sort, nulls)
            way = sort if nulls is None else f"{sort}… {' '.join(nulls)}"
            yield Shape(f"{way} {' '.join(chosen)}", query, bool(chosen))


def _positions(keys: Iterable[Key]) -> Iterator[frozenset[str] | None]:
    """None for the first page; a position without nulls; and one for each nullable key."""
    yield None
    yield frozenset()
    yield from (frozenset({key.name}) for key in keys if key.is_nullable)


def counts_of(rows: KeysetList[Any]) -> Iterator[Shape]:
    names = sorted(rows.filters)
    for chosen in [(), *((name,) for name in names), tuple(names)]:
        yield Shape(" ".join(chosen), rows.count(frozenset(chosen)), bool(chosen))
