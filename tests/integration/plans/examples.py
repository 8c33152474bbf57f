"""Values for the parameters of the base's statements, with which each finds something."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from app.core.run_limits import LARGEST_BATCH
from app.shared.infrastructure.events.delivery import (
    batches,
    clock,
    deliveries,
    holding,
    job_runs,
    limits,
    retention,
    scheduler,
)
from app.shared.infrastructure.events.operations import delivery_operations, inspection
from app.shared.infrastructure.events.outbox import job_rows
from tests.integration.plans.filling import (
    ANOTHER_HANDLER,
    CREATED,
    DONE_BATCH,
    FAILED_BATCH,
    HANDLER,
    JOB,
    MODULE,
    PAUSED,
    SETTLED_UNTIL,
)
from tests.support.filling import ROWS

NOW: Final = dt.datetime.now(dt.UTC)
_SOME_ROW = UUID(int=40_001)
_OWNER = UUID(int=2)  # of the rows 1, 1001, 2001, …

# The last streams of deliveries, one for each state, by the number of their first delivery.
_READY, _TAKEN, _DEAD, _DONE, _PARKED = 99_019, 99_003, 99_005, 99_007, 99_009
_HELD_BACK = 99_015  # dead too, and what waits behind it is held


_NEW = UUID(int=10**9)


def _stream(first: int) -> UUID:
    return UUID(int=(first + 1) // 2)


VALUES: Final[dict[str, Any]] = {
    # How much, and until when
    "size": 20,
    "seen_id": _SOME_ROW,
    "seen_created_at": NOW - dt.timedelta(days=35),
    "most": 100,
    "until": NOW + dt.timedelta(days=1),
    # Anything that is stored
    "id": _SOME_ROW,
    "row_id": _SOME_ROW,
    "user_id": _OWNER,
    "of_user": _OWNER,
    "expires_at": NOW,
    "fingerprint": "token-2",
    "version": 2,
    "seen_version": 1,
    "updated_at": NOW,
    "now": NOW,
    "before": NOW + dt.timedelta(minutes=50),
    "keep": (ROWS - 100) * 60.0,
    # Stored answers
    "operation": "POST /api/v1/notes",
    "key": "key-1",
    "name": "of a lock",
    # Deliveries
    "of_handler": HANDLER,
    "of_stream": _stream(_READY),
    "of_worker": "host:boot:1",
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
    "seen": SETTLED_UNTIL,
    "after_stream": UUID(int=0),
    # Jobs
    "of_key": f"key-{_READY}",
    "of_event": UUID(int=_READY),
    "of_job": UUID(int=JOB),
    "of_actor": None,
    "of_delivery": 1,
    "moment": NOW,
    "of_aggregate_type": MODULE,
    "of_aggregate_id": _stream(_READY),
    "of_aggregate_version": 1,
    "of_ordinal": 0,
    "new_payload": {},
    "new_schema_version": 1,
    "new_actor_id": None,
    "new_correlation_id": None,
    "new_causation_id": None,
    "jobs": f'[["{_NEW.hex}", {{}}]]',
    "event_type": CREATED,
    "schema_version": 1,
    "module": MODULE,
    "aggregate_type": "job",
    "aggregate_version": 1,
    "ordinal": 0,
    "correlation_id": None,
    "causation_id": None,
    "traceparent": None,
    "actor_id": None,
    "occurred_at": NOW,
    "handler": HANDLER,
    "stream_position": 0,
    "priority": 1,
    "due_at": None,
    "batch_id": None,
    "of_batch": FAILED_BATCH,
    "after_batch": UUID(int=0),
    "callbacks": {},
    # Replays
    "of_priority": 1,
    "dead": [_DEAD],
    "streams": [_stream(_DEAD)],
    "used_until": NOW,
    # Playing the log again
    "kinds": [CREATED],
    "after_time": NOW - dt.timedelta(days=35),
    "after_seq": 0,
    "last_time": NOW - dt.timedelta(days=34),  # the rows may be written an hour after NOW
    "last_seq": 0,
    "max_attempts": 3,
    "blocks_when_dead": True,
    "schedule_id": _stream(_READY),
    "number": 1,
}
"""By the name of the parameter: most have the same meaning in every statement."""

_GROUP: Final = {
    "ids": [_TAKEN + 20 * n for n in range(LARGEST_BATCH)],
    "with_tokens": [f"{_TAKEN + 20 * n}:1" for n in range(LARGEST_BATCH)],
}
OWN: Final[dict[Any, dict[str, Any]]] = {
    inspection.DELIVERIES: {"before": 99_500, "seen_id": 99_500},
    deliveries.WAITING_IN: {"ids": [_DONE]},
    deliveries.LOAD_GROUP: _GROUP,
    deliveries.FINISH_GROUP: _GROUP,
    deliveries.RELEASE_GROUP: _GROUP,
    job_runs.LOAD_JOB_GROUP: _GROUP,
    job_runs.FINISH_JOB_GROUP: _GROUP,
    holding.HOLD: {"of_handler": ANOTHER_HANDLER},
    holding.FREE: {"streams": [_stream(_HELD_BACK)]},
    clock.WAITING: {"after_time": NOW},
    limits.USE_RATE: {"handler": PAUSED, "rate_used_until": NOW},
    deliveries.UNBLOCK_NEXT: {"of_stream": _stream(_DONE)},
    # The oldest events have no deliveries any more.
    retention.END_OF_OLD_EVENTS: {"after_time": NOW - dt.timedelta(minutes=ROWS + 10)},
    retention.OLD_EVENTS: {
        "after_time": NOW - dt.timedelta(minutes=ROWS + 10),
        "last_time": NOW - dt.timedelta(minutes=ROWS - 60),
    },
    scheduler.FIRED: {"kind": MODULE},
    batches.CLOSE_BATCH: {"of_batch": DONE_BATCH},
    job_rows.CANCEL: {"delivery_id": _READY},
    job_rows.IS_OPEN: {"delivery_id": _READY},
    delivery_operations.PAUSE: {"handler": PAUSED},
    delivery_operations.RESUME: {"of_handler": PAUSED},
}
"""For a statement or a list for which the common value does not fit."""
