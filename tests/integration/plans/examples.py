"""Values for the parameters of statements, such that each finds something of what is filled in."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import fields
from itertools import combinations, product
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID

from app.modules.task.application.dto import SortKey, TaskFilter
from app.modules.task.infrastructure import readers as task_readers
from app.modules.task.infrastructure import repositories as task_repositories
from app.modules.user.infrastructure import keys, one_time_tokens, sessions
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events import deliveries, inspection, retention, scheduler, steering
from app.shared.infrastructure.events.states import DeliveryState
from tests.integration.plans.filling import HANDLER, PAUSED, ROWS

NOW: Final = dt.datetime.now(dt.UTC)
_SOME_ROW = UUID(int=40_001)
_OWNER = UUID(int=2)  # of the tasks 1, 1001, 2001, …

# The last lanes of deliveries, one for each state, by the number of their first delivery.
_READY, _TAKEN, _DEAD, _DONE, _PARKED = 99_019, 99_003, 99_005, 99_007, 99_009


def _lane(first: int) -> UUID:
    return UUID(int=(first + 1) // 2)


VALUES: Final[dict[str, Any]] = {
    # Tasks
    "task_id": _SOME_ROW,
    "user_id": _OWNER,
    "owner_id": _OWNER,
    "assignee_id": _OWNER,
    "title": "Check the stairs",
    "description": "",
    "status": "open",
    "priority": 2,
    "labels": ["garden"],
    "due_at": NOW,
    "due_order": NOW,
    "reminded_for": None,
    "completed_at": None,
    "deleted_at": None,
    "deleted_before": NOW - dt.timedelta(days=60),
    "seen_ordinal": 0,
    "most": 100,
    "until": NOW + dt.timedelta(days=1),
    # The filters of lists, and where a page goes on
    "label": "garden",
    "assignee": UUID(int=8),
    "due_before": NOW + dt.timedelta(days=90),
    "due_after": NOW - dt.timedelta(days=90),
    "q": "%roof%",
    "size": 20,
    "last_id": _SOME_ROW,
    "last_value": NOW - dt.timedelta(days=35),
    # What is kept of anything
    "id": _SOME_ROW,
    "row_id": _SOME_ROW,
    "version": 2,
    "seen_version": 1,
    "updated_at": NOW,
    "now": NOW,
    "before": NOW + dt.timedelta(minutes=50),
    "keep": (ROWS - 100) * 60.0,
    # Users, their sessions, tokens and keys
    "of_user": _OWNER,
    "email": "ana.40001@example.com",
    "email_key": "ana.40001@example.com",
    "full_name": "Ana Example",
    "password_hash": "hash",
    "old_hash": "hash",
    "password_version": 1,
    "roles": ["user"],
    "is_active": True,
    "verified_at": NOW,
    "typed_email": None,
    "pending_email": None,
    "previous_email": None,
    "session_id": UUID(int=50_001),
    "started_at": NOW,
    "expires_at": NOW,
    "revoked_at": NOW,
    "last_used_at": NOW,
    "client": "Firefox on Linux",
    "cookie_fingerprint": None,
    "but": None,
    "presented": "token-60002",
    "repeat": "repeat-60002",
    "repeat_fingerprint": "repeat-1",
    "since": NOW - dt.timedelta(days=1),
    "spent_at": NOW,
    "fingerprint": "token-2",
    "key_id": UUID(int=50_001),
    "offset": 0,
    # Answers that are kept
    "operation": "POST /api/v1/tasks",
    "key": "key-1",
    "name": "of a lock",
    # Deliveries
    "of_handler": HANDLER,
    "of_lane": _lane(_READY),
    "of_owner": "host:boot:1",
    "by": "host:boot:2",
    "count": 20,
    "counted": 1,
    "lease": 60.0,
    "delay": 1.0,
    "note": "refused",
    "is_fatal": False,
    "held": _TAKEN,
    "with_token": 1,
    **{f"held_{n}": _TAKEN + 20 * n for n in range(deliveries.SENT_AT_ONCE)},
    **{f"with_token_{n}": 1 for n in range(deliveries.SENT_AT_ONCE)},
    "blocked": _TAKEN + 1,
    "delivery_id": _DEAD,
    "after": 0,
    "after_handler": "",
    "after_id": 0,
    "moved": _TAKEN,
    "of_schedule": "event.forget_events",
    "last_due_at": NOW,
    "after_lane": UUID(int=0),
    # Playing the log again
    "kind": "task.created",
    "after_time": NOW - dt.timedelta(days=35),
    "after_seq": 0,
    "last_time": NOW - dt.timedelta(days=35) + dt.timedelta(hours=2),
    "last_seq": 0,
    "max_attempts": 3,
    "blocks_when_dead": True,
    "schedule_id": _lane(_READY),
    "number": 1,
}
"""By the name of the parameter: most mean the same wherever they stand."""

OWN: Final[dict[Query, dict[str, Any]]] = {
    task_repositories.DUE_SOON: {"after": NOW},
    one_time_tokens.TAKE: {"kind": "reset"},
    one_time_tokens.FORGET: {"kind": "reset"},
    sessions.START_SESSION: {"id": UUID(int=200_001)},
    sessions.REVOKE_COOKIE: {"presented": "cookie-50001"},
    sessions.REVOKE_BEYOND: {"most": 1},
    sessions.SPEND_TOKEN: {"presented": "token-60001"},
    keys.STATE: {"presented": "key-60001"},
    deliveries.WAITING: {"of_lane": _lane(_DONE)},
    deliveries.PROMOTE: {"of_lane": _lane(_DONE)},
    # The oldest events have no deliveries any more.
    retention.END_OF_OLD_EVENTS: {"after_time": NOW - dt.timedelta(minutes=ROWS + 10)},
    retention.OLD_EVENTS: {
        "after_time": NOW - dt.timedelta(minutes=ROWS + 10),
        "last_time": NOW - dt.timedelta(minutes=ROWS - 60),
    },
    scheduler.FIRED: {"kind": "task"},
    steering.RESUME: {"of_handler": PAUSED},
}
"""Of a statement for which the common value does not do."""


class Shape(NamedTuple):
    name: str
    query: Query
    own: dict[str, Any]
    """Values as in OWN."""

    has_leave: bool
    """Whether what `allowed.py` says of all such questions is meant for this one."""


def _pages_of_tasks() -> Iterator[Shape]:
    """No filter, each alone and all of them in each order; and each two in the usual one."""
    names = [field.name for field in fields(TaskFilter)]
    filters = [(), *((name,) for name in names), tuple(names)]
    usual = ("created_at", True, False)
    orders = product(get_args(SortKey), (True, False), (True, False))
    asked = [*product(filters, orders), *((pair, usual) for pair in combinations(names, 2))]
    for chosen, (sort, descending, is_continued) in asked:
        query = task_readers.page_query(
            frozenset(chosen), sort, descending=descending, is_continued=is_continued
        )
        own = {"last_value": VALUES["priority"]} if sort == "priority" else {}
        way = f"{'-' * descending}{sort}{'…' * is_continued}"
        yield Shape(f"{way} {' '.join(chosen)}", query, own, has_leave=bool(chosen))


def _counts_of_tasks() -> Iterator[Shape]:
    names = [field.name for field in fields(TaskFilter)]
    for chosen in [(), *((name,) for name in names), tuple(names)]:
        query = task_readers.count_query(frozenset(chosen))
        yield Shape(" ".join(chosen), query, {}, has_leave=True)


def _pages_of_deliveries() -> Iterator[Shape]:
    for state, *how in product((None, *DeliveryState), (True, False), (True, False)):
        of_handler, is_continued = how
        query = inspection.page_query(state, of_handler=of_handler, is_continued=is_continued)
        has_leave = of_handler or state is not None
        yield Shape(f"{state!r} {how}", query, {"before": 99_500}, has_leave=has_leave)


SHAPES: Final = {
    task_readers.page_query: _pages_of_tasks,
    task_readers.count_query: _counts_of_tasks,
    inspection.page_query: _pages_of_deliveries,
}
"""What is asked of the functions that make a statement for each shape of a question."""
