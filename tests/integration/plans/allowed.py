"""The base's statements that may read more than twice their result, how much, and why."""

from typing import Any, Final

from app.shared.infrastructure import idempotency_quota
from app.shared.infrastructure.events.delivery import (
    claiming,
    demands,
    leases,
    limits,
    retention,
    unblocking,
)
from app.shared.infrastructure.events.operations import (
    backlog,
    delivery_operations,
    inspection,
    replay,
)
from tests.support.filling import ROWS
from tests.support.manifest import Allowed

SMALL: Final = {
    "event_handler": "a row for each handler",
    "schedule_state": "a row for each schedule",
}
"""The tables that do not grow: reading all of one is the fastest way."""


_UNDONE = 1_400  # of the deliveries that are backfilled
_SUMS_UP = "it sums up what is to be done, and reads that alone: never what is done, which grows"
_OPERATOR = "an operator's, now and then: it reads what one handler has still to do, and no more"

ALLOWED: Final[dict[Any, Allowed]] = {
    idempotency_quota.USED: Allowed(
        ROWS, "it counts the answers kept for one user, once in a while, as far as the quota goes"
    ),
    claiming.CLAIM: Allowed(
        80,
        "it comes to each delivery four times, each time by an index: as due, as the head of its "
        "stream, to judge and to change it",
    ),
    demands.DEMANDS: Allowed(
        400, "it counts what is due for each handler and priority, as far as there are places"
    ),
    limits.RUNNING: Allowed(_UNDONE, "it counts what runs of one handler, which has a limit"),
    **dict.fromkeys(
        (leases.END_OVER, leases.END_OF_WORKER),
        Allowed(
            500, "it comes to each delivery four times: as claimed, by its key, and to change it"
        ),
    ),
    leases.IN_FLIGHT: Allowed(_UNDONE, _SUMS_UP),
    leases.WORKER_IDS: Allowed(_UNDONE, _SUMS_UP),
    unblocking.PAGE: Allowed(
        800,
        "a step into an index for each of a hundred streams, for its head and for what is let go",
    ),
    backlog.LAG: Allowed(_UNDONE, _SUMS_UP),
    backlog.STREAMS: Allowed(2 * _UNDONE, _SUMS_UP + "; then it reads the first of each stream"),
    delivery_operations.DISCARD_WAITING_BATCH: Allowed(2 * _UNDONE, _OPERATOR),
    inspection.DELIVERIES: Allowed(
        _UNDONE, "an operator's list: it reads what is to be done, or walks past it to what is done"
    ),
    retention.END_OF_OLD_EVENTS: Allowed(
        retention.BATCH, "it walks along a stretch of the log to tell where that ends"
    ),
    replay.END_OF_STRETCH: Allowed(
        2 * delivery_operations.BATCH, "it walks along a stretch of the log to tell where that ends"
    ),
    replay.REDO: Allowed(
        2 * delivery_operations.BATCH,
        "it walks along a stretch of the log, past the events of other kinds",
    ),
    replay.REDO_DISCARDED: Allowed(
        _UNDONE, "an operator's: it reads what is discarded, or walks along a stretch of the log"
    ),
    replay.ADD_MISSING: Allowed(
        2 * delivery_operations.BATCH,
        "it walks along a stretch of the log, past the events of other kinds",
    ),
}
"""By statement, or by list: for a list this applies to filtered pages only."""
