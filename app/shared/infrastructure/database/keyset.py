"""Lists that are read page by page. A page begins after a position, not after a number of rows.

So a page deep in the list costs as much as the first one, and rows that are added or removed
meanwhile neither repeat nor hide others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    func,
    select,
    union_all,
)

from app.core.cursors import Cursors
from app.shared.application.dto import CursorPage, PageRequest
from app.shared.infrastructure.database.connection import Reads, Row
from app.shared.infrastructure.database.list_order import (
    Order,
    SortColumn,
    order_by,
    walks_after,
)
from app.shared.infrastructure.database.statement import Statement

PAGE_BYTES: Final = 256 * 1024
"""The most text on a page: an answer is in memory until it is read."""
LONG_TEXT: Final = 1_000
"""With a longer column of text a page of a hundred rows could be too large."""

Item = TypeVar("Item")


class KeysetList(Generic[Item]):
    """A list: its rows, orders and filters, and the view of a row.

        INVOICES = KeysetList(
            "invoices",
            select(invoice).where(invoice.c.owner_id == bindparam("owner_id")),
            unique=invoice.c.id,
            sorts={
                "created_at": [invoice.c.created_at],
                "due_on": [invoice.c.due_on, invoice.c.number.desc()],
            },
            filters={"status": invoice.c.status == bindparam("status")},
            view=lambda row: InvoiceView(**row),
        )

    `rows` are one or several selects of the same columns, without common rows. Each is read along
    an index, and the results are merged. An index supports an order if it begins with the columns
    that `rows` compares, followed by those of the order and `unique`.

    `sorts` are lists of columns by the name of the order; the first order is the default. A column
    may be `column.desc()`. A request asks for `name`, or for `-name`, which is the reverse. If a
    list has only one order, its name is "". `unique` distinguishes rows that are equal otherwise;
    it is the last key of each order. `filters` are conditions by name, each with a parameter of its
    own.

    If a column may be longer than `LONG_TEXT`, a page ends early at `PAGE_BYTES` of text. It has at
    least one item.

    Each form of the list (order, filters, first page or not) is one statement, built once.
    """

    def __init__(
        self,
        name: str,
        *rows: Select[Any],
        unique: Column[Any],
        sorts: Mapping[str, Sequence[SortColumn]],
        view: Callable[[Row], Item],
        filters: Mapping[str, ColumnElement[bool]] = MappingProxyType({}),
    ) -> None:
        self._name, self._rows, self._filters, self._view = name, rows, filters, view
        columns = rows[0].selected_columns
        self._shown = [column.name for column in columns]
        texts = {each.name: each.type.length for each in columns if isinstance(each.type, String)}
        is_long = any(length is None or length > LONG_TEXT for length in texts.values())
        self._weighed = list(texts) if is_long else []
        orders = {sort: order_by(columns, unique, rows[0]) for sort, columns in sorts.items()}
        turned = {f"-{sort}": order.reversed for sort, order in orders.items() if sort}
        self.orders: Final = {"": next(iter(orders.values())), **orders, **turned}
        """The orders by the names that a request uses; the default order has no name too."""
        self._described = {sort: f"{name} {o.description}" for sort, o in self.orders.items()}
        self.statement: Final = lru_cache(maxsize=512)(self._statement)
        self.count: Final = lru_cache(maxsize=128)(self._count)

    @property
    def filters(self) -> Iterable[str]:
        """The names of the filters."""
        return self._filters.keys()

    async def page(
        self,
        reads: Reads,
        cursors: Cursors,
        request: PageRequest,
        params: Mapping[str, Any],
        filters: Mapping[str, Any] = MappingProxyType({}),
    ) -> CursorPage[Item]:
        """Return a page. Raises InvalidCursor for a cursor of another list.

        `params` are those of `rows`. `filters` are the values of the filters; filters with None are
        not applied.
        """
        chosen = {name: value for name, value in filters.items() if value is not None}
        params = {**params, **chosen}
        order = self.orders[request.sort]
        # With another user, filter or order a cursor is invalid.
        this_list = f"{self._described[request.sort]} {sorted(map(_text, params.items()))}"
        nulls, position = None, {}  # of the first page
        if request.cursor is not None:
            seen = cursors.open(request.cursor, of=this_list)
            position = {key.name: value for key, value in zip(order.keys, seen, strict=True)}
            nulls = frozenset(name for name in position if position[name] is None)
        rows = await reads.fetch_all(
            self.statement(frozenset(chosen), request.sort, nulls),
            # One more row shows whether there is a next page.
            {**params, **position, "size": request.limit + 1},
        )
        items = self._items(rows[: request.limit], order)
        cursor = None
        if len(rows) > len(items):
            last = rows[len(items) - 1]
            cursor = cursors.seal([last[key.row_name] for key in order.keys], of=this_list)
        total = None
        if request.with_total:
            row = await reads.fetch_one(self.count(frozenset(chosen)), params)
            total = row["total"] if row else 0
        return CursorPage(items=items, next_cursor=cursor, limit=request.limit, total=total)

    def _items(self, rows: Sequence[Row], order: Order) -> list[Item]:
        """Return the items that fit on a page, and at least one."""
        if order.hidden:
            rows = [{name: row[name] for name in self._shown} for row in rows]
        return [self._view(row) for row in rows[: self._fitting(rows)]]

    def _fitting(self, rows: Sequence[Row]) -> int:
        """Return how many rows fit on a page; the first one always does."""
        size = 0
        for count, row in enumerate(rows if self._weighed else ()):
            size += sum(_bytes(row[name]) for name in self._weighed)
            if size > PAGE_BYTES and count:
                return count
        return len(rows)

    def _statement(
        self, filters: frozenset[str], sort: str = "", nulls: frozenset[str] | None = None
    ) -> Statement:
        """Return the statement for one form: for the first page, or for one after a position.

        `nulls` are the names of the keys that are null at the position.
        """
        order = self.orders[sort]
        parts = [
            rows.add_columns(*(key.column.label(key.row_name) for key in order.hidden))
            .where(*self._conditions(filters), *after)
            .order_by(*(key.ordered for key in order.keys))
            .limit(bindparam("size", type_=Integer))
            for rows in self._rows
            for after in ([()] if nulls is None else walks_after(order.keys, nulls))
        ]
        if len(parts) == 1:
            return Statement(parts[0], is_search=True)
        merged = union_all(*(select(part.subquery()) for part in parts)).subquery()
        statement = (
            select(*merged.c)
            .order_by(*(key.directed(merged.c[key.row_name]) for key in order.keys))
            .limit(bindparam("size", type_=Integer))
        )
        return Statement(statement, is_search=True)

    def _count(self, filters: frozenset[str]) -> Statement:
        parts = [
            select(func.count())
            .select_from(rows.where(*self._conditions(filters)).subquery())
            .scalar_subquery()
            for rows in self._rows
        ]
        total = sum(parts[1:], start=parts[0])
        return Statement(select(total.label("total")), is_search=True)

    def _conditions(self, filters: frozenset[str]) -> list[ColumnElement[bool]]:
        return [self._filters[name] for name in sorted(filters)]


def _bytes(text: str | None) -> int:
    if text is None:
        return 0
    return len(text) if text.isascii() else len(text.encode())


def _text(param: tuple[str, Any]) -> tuple[str, str]:
    return param[0], str(param[1])
