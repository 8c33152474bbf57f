"""The statements of tasks on full tables."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from app.modules.task.infrastructure import readers, repositories
from tests.support.filling import ID, MINUTES_AGO, OWNER, OWNERS, ROWS, as_id
from tests.support.manifest import Allowed, Plans

NOW: Final = dt.datetime.now(dt.UTC)
_OWNER: Final = UUID(int=2)  # of the tasks 1, 1001, 2001, …
_URGENT: Final = 2
_OF_ONE_USER: Final = 150  # tasks: 100 are a user's own, some 20 assigned

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
    # The filters of lists, and the position of a page
    "label": "garden",
    "assignee": UUID(int=8),
    "due_before": NOW + dt.timedelta(days=90),
    "due_after": NOW - dt.timedelta(days=90),
    "q": "%roof%",
    "seen_due_order": NOW - dt.timedelta(days=35),
    "seen_priority": _URGENT,
    "seen_aggregate_version": 0,
    "seen_ordinal": 0,
}


PLANS: Final = Plans(
    fills=(_FILL,),
    values=_VALUES,
    own={repositories.DUE_SOON: {"after": NOW}},
    allowed={
        repositories.USAGE: Allowed(
            _OF_ONE_USER,
            "it counts the tasks of one user, once in a while, as far as the quota goes",
        ),
        readers.TASKS: Allowed(
            _OF_ONE_USER,
            "no index serves each of 127 filters: it passes over what does not fit, along the "
            "tasks of one user and nobody else's",
        ),
        (readers.TASKS, "count"): Allowed(
            _OF_ONE_USER, "it counts the tasks of one user, when asked to"
        ),
    },
)
