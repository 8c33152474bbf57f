"""What is read around the domain: one statement each, compiled once for each shape of list."""

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, tuple_, union_all

from app.modules.task.application.dto import (
    TaskFilter,
    TaskHistoryEntry,
    TaskHistoryQuery,
    TaskHistoryRow,
    TaskListQuery,
    TaskView,
)
from app.modules.task.domain.entities import Task
from app.modules.task.infrastructure.repositories import (
    IS_VISIBLE,
    NEVER_DUE,
    PRIORITIES,
    STATUSES,
)
from app.modules.task.infrastructure.tables import task
from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.expressions import array_has
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement

# In the order of the view, which is so built from a row as it is.
_SHOWN = [task.c[shown.name] for shown in fields(TaskView)]
ONE = Statement(select(*_SHOWN).where(IS_VISIBLE))

_position = tuple_(event_log.c.aggregate_version, event_log.c.ordinal)
_seen = tuple_(
    bindparam("seen_version", type_=event_log.c.aggregate_version.type),
    bindparam("seen_ordinal", type_=event_log.c.ordinal.type),
)
HISTORY = Statement(
    select(
        event_log.c.event_id,
        event_log.c.event_type.label("type"),
        event_log.c.aggregate_version.label("version"),
        event_log.c.ordinal,
        event_log.c.occurred_at,
        event_log.c.actor_id,
        event_log.c.payload.label("data"),
    )
    .select_from(task)
    # An outer join: a task without events is another answer than no task.
    .outerjoin(
        event_log,
        (event_log.c.aggregate_type == Task.aggregate_type)
        & (event_log.c.aggregate_id == task.c.id)
        & (_position > _seen),
    )
    .where(IS_VISIBLE)
    .order_by(event_log.c.aggregate_version, event_log.c.ordinal)
    .limit(bindparam("size"))
)

_ORDER: Final = {
    "created_at": task.c.created_at,
    "due_at": task.c.due_order,
    "priority": task.c.priority,
}
_CONDITION: Final[dict[str, ColumnElement[bool]]] = {
    "status": task.c.status == bindparam("status"),
    "priority": task.c.priority == bindparam("priority"),
    "label": array_has(task.c.labels, bindparam("label")),
    "assignee": task.c.assignee_id == bindparam("assignee"),
    "due_before": task.c.due_at < bindparam("due_before"),
    "due_after": task.c.due_at > bindparam("due_after"),
    "q": or_(
        task.c.title.ilike(bindparam("q"), escape="\\"),
        task.c.description.ilike(bindparam("q"), escape="\\"),
    ),
}
_IS_OWN: Final = task.c.owner_id == bindparam("user_id")
# An own task that is assigned to oneself is in the first part already.
_IS_ASSIGNED: Final = (task.c.assignee_id == bindparam("user_id")) & (
    task.c.owner_id != bindparam("user_id")
)


@lru_cache(maxsize=512)
def page_statement(
    filters: frozenset[str], sort: str, *, descending: bool, is_continued: bool
) -> Statement:
    """Return the statement for one shape of list.

    Own and assigned tasks are two walks along an index, merged: an OR would read and sort them all.
    """
    order = _ORDER[sort]

    def walk(whose: ColumnElement[bool]) -> Any:
        rows = _matching(whose, filters, order)
        if is_continued:
            position = tuple_(
                bindparam("last_value", type_=order.type),
                bindparam("last_id", type_=task.c.id.type),
            )
            here = tuple_(order, task.c.id)
            rows = rows.where(here < position if descending else here > position)
        ordered = rows.order_by(*_directed(order, task.c.id, descending=descending))
        return select(ordered.limit(bindparam("size")).subquery())

    both = union_all(walk(_IS_OWN), walk(_IS_ASSIGNED)).subquery()
    shown = [both.c[column.name] for column in _SHOWN]
    directed = _directed(both.c.position, both.c.id, descending=descending)
    statement = select(*shown).order_by(*directed).limit(bindparam("size"))
    return Statement(statement, is_search=True)


@lru_cache(maxsize=128)
def count_statement(filters: frozenset[str]) -> Statement:
    parts = [
        select(func.count()).select_from(_matching(whose, filters, task.c.id).subquery())
        for whose in (_IS_OWN, _IS_ASSIGNED)
    ]
    total = parts[0].scalar_subquery() + parts[1].scalar_subquery()
    return Statement(select(total.label("total")), is_search=True)


class SqlTaskReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def task(self, user_id: UUID, task_id: UUID, /) -> TaskView | None:
        row = await self._database.fetch_one(ONE, {"task_id": task_id, "user_id": user_id})
        return None if row is None else _view(row)

    async def page(self, query: TaskListQuery, /) -> Sequence[TaskView]:
        given = query.filter.given()
        params = _params(query.user_id, given) | {"size": query.size}
        if query.after is not None:
            value, params["last_id"] = query.after
            params["last_value"] = NEVER_DUE if value is None else getattr(value, "rank", value)
        statement = page_statement(
            frozenset(given),
            query.sort,
            descending=query.descending,
            is_continued=query.after is not None,
        )
        return [_view(row) for row in await self._database.fetch_all(statement, params)]

    async def count(self, user_id: UUID, wanted: TaskFilter, /) -> int:
        given = wanted.given()
        statement = count_statement(frozenset(given))
        row = await self._database.fetch_one(statement, _params(user_id, given))
        return row["total"] if row else 0

    async def history(self, query: TaskHistoryQuery, /) -> Sequence[TaskHistoryRow] | None:
        version, ordinal = query.after
        params = {
            "task_id": query.task_id,
            "user_id": query.user_id,
            "seen_version": version,
            "seen_ordinal": ordinal,
            "size": query.size,
        }
        rows = await self._database.fetch_all(HISTORY, params)
        happened = [_history_row(row) for row in rows if row["event_id"] is not None]
        return happened if rows else None


def _matching(
    whose: ColumnElement[bool], filters: frozenset[str], order: ColumnElement[Any]
) -> Select[Any]:
    conditions = [_CONDITION[name] for name in sorted(filters)]
    rows = select(*_SHOWN, order.label("position"))
    return rows.where(whose, task.c.deleted_at.is_(None), *conditions)


def _directed(*columns: ColumnElement[Any], descending: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if descending else column.asc() for column in columns]


def _params(user_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    params = {"user_id": user_id} | given
    if "status" in given:
        params["status"] = given["status"].value
    if "priority" in given:
        params["priority"] = given["priority"].rank
    if "q" in given:
        params["q"] = f"%{_literal(given['q'])}%"
    return params


def _literal(text: str) -> str:
    """Escape what LIKE would read as a wildcard: a search finds what was typed."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _view(row: Row) -> TaskView:
    view = TaskView(*row.values())  # by name it takes ten times as long, for each row of a list
    view.status, view.priority = STATUSES[row["status"]], PRIORITIES[row["priority"]]
    return view


def _history_row(row: Row) -> TaskHistoryRow:
    values = dict(row)
    position = (values["version"], values.pop("ordinal"))
    return TaskHistoryRow(TaskHistoryEntry(**values), position)
