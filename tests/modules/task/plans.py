"""The statements of tasks on full tables."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import fields
from itertools import combinations, product
from typing import Any, Final, get_args
from uuid import UUID

from app.modules.task.application.dto import SortKey, TaskFilter
from app.modules.task.infrastructure import readers, repositories
from tests.support.filling import ID, MINUTES_AGO, OWNER, OWNERS, ROWS, as_id
from tests.support.manifest import Allowed, Plans, Shape

NOW: Final = dt.datetime.now(dt.UTC)
_OWNER: Final = UUID(int=2)  # of the tasks 1, 1001, 2001, …
_URGENT: Final = 2
_OF_ONE_USER: Final = 150  # tasks: 100 are somebody's own, some 20 assigned

_FILL: Final = f"""
SELECT setseed(0.5);
INSERT INTO task (id, version, created_at, updated_at, owner_id, assignee_id, title, description,
    status, priority, labels, due_at, due_order, reminded_for, completed_at, deleted_at)
SELECT {ID}, 1, born, born, {OWNER},
    CASE WHEN a < 0.2 THEN {as_id(f"(1 + floor(b * {OWNERS}))::int")} END,
    'Check the roof (' || n || ')', 'It leaks where the chimney stands, and only in winter.',
    CASE WHEN c < 0.5 THEN 'open' WHEN c < 0.7 THEN 'in_progress' WHEN c < 0.95 THEN 'done'
        ELSE 'cancelled' END,
    floor(d * 4), jsonb_build_array((ARRAY['garden', 'house', 'inside'])[1 + n / 7 % 3]),
    due, coalesce(due, '9999-12-31Z'), CASE WHEN due < now() THEN due END,
    CASE WHEN c >= 0.7 AND c < 0.95 THEN born END, CASE WHEN n / 1000 % 50 = 7 THEN born END
FROM (SELECT n, {MINUTES_AGO} AS born, random() AS a, random() AS b, random() AS c, random() AS d,
    CASE WHEN random() < 0.7 THEN now() + (random() - 0.5) * interval '1 year' END
    AS due FROM generate_series(1, {ROWS}) AS n) AS made
"""  # noqa: S608 - all of it is written here

_VALUES: Final[dict[str, Any]] = {
    "task_id": UUID(int=40_001),
    "owner_id": _OWNER,
    "assignee_id": _OWNER,
    "title": "Check the stairs",
    "description": "",
    "status": "open",
    "priority": _URGENT,
    "labels": ["garden"],
    "due_at": NOW,
    "due_order": NOW,
    "reminded_for": None,
    "completed_at": None,
    "deleted_at": None,
    "deleted_before": NOW - dt.timedelta(days=60),
    "seen_ordinal": 0,
    # The filters of lists, and where a page goes on
    "label": "garden",
    "assignee": UUID(int=8),
    "due_before": NOW + dt.timedelta(days=90),
    "due_after": NOW - dt.timedelta(days=90),
    "q": "%roof%",
    "last_id": UUID(int=40_001),
    "last_value": NOW - dt.timedelta(days=35),
}


def _pages() -> Iterator[Shape]:
    """No filter, each alone and all of them in each order; and each two in the usual one."""
    names = [field.name for field in fields(TaskFilter)]
    filters = [(), *((name,) for name in names), tuple(names)]
    usual = ("created_at", True, False)
    orders = product(get_args(SortKey), (True, False), (True, False))
    asked = [*product(filters, orders), *((pair, usual) for pair in combinations(names, 2))]
    for chosen, (sort, descending, is_continued) in asked:
        query = readers.page_statement(
            frozenset(chosen), sort, descending=descending, is_continued=is_continued
        )
        own = {"last_value": _URGENT} if sort == "priority" else {}
        way = f"{'-' * descending}{sort}{'…' * is_continued}"
        yield Shape(f"{way} {' '.join(chosen)}", query, own, has_leave=bool(chosen))


def _counts() -> Iterator[Shape]:
    names = [field.name for field in fields(TaskFilter)]
    for chosen in [(), *((name,) for name in names), tuple(names)]:
        query = readers.count_statement(frozenset(chosen))
        yield Shape(" ".join(chosen), query, {}, has_leave=True)


PLANS: Final = Plans(
    fills=(_FILL,),
    values=_VALUES,
    own={repositories.DUE_SOON: {"after": NOW}},
    shapes={readers.page_statement: _pages, readers.count_statement: _counts},
    allowed={
        repositories.USAGE: Allowed(
            _OF_ONE_USER,
            "it counts the tasks of one user, once in a while, as far as the quota goes",
        ),
        readers.page_statement: Allowed(
            _OF_ONE_USER,
            "no index serves each of 127 filters: it passes over what does not fit, along the "
            "tasks of one user and nobody else's",
        ),
        readers.count_statement: Allowed(
            _OF_ONE_USER, "it counts the tasks of one user, when asked to"
        ),
    },
)
