"""The statements that enqueue and cancel jobs."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite's dialect compiles it too

from app.shared.infrastructure.database.expressions import database_time, json_items, wait_lock
from app.shared.infrastructure.database.models import (
    event_delivery,
    event_log,
    job_cancel,
    job_state,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.job_keys import WAITING_STATES, waits_with_key
from app.shared.infrastructure.events.delivery.states import (
    OPEN_STATES,
    DeliveryState,
    is_in,
    is_just,
)
from app.shared.infrastructure.events.outbox.event_log import DELIVERED, LOGGED, NEW_DELIVERY

_this, _event = event_delivery.c, event_log.c

# --- Many ---------------------------------------------------------------------------------------

_item = json_items(bindparam("jobs", type_=Text)).table_valued("value", name="job")
# Both databases accept this form. The id is its 32 digits, as SQLite stores it.
_id = cast(literal_column("job.value ->> 0"), _event.event_id.type)


def _add_many(table: Table, columns: Sequence[str], **own: ColumnElement[Any]) -> Statement:
    """Insert a row for each item of `jobs`, with its own values and the common ones."""
    values = {name: bindparam(name, type_=table.c[name].type) for name in columns} | own
    return Statement(
        insert(table).from_select(list(values), select(*values.values()).select_from(_item))
    )


APPEND_MANY: Final = _add_many(
    event_log,
    LOGGED,
    event_id=_id,
    aggregate_id=_id,
    payload=literal_column("job.value -> 1"),
    recorded_at=database_time(),
)
DELIVER_MANY: Final = _add_many(
    event_delivery,
    DELIVERED,
    event_id=_id,
    stream_id=_id,
    **{
        name: literal_column(str(value)) if isinstance(value, int) else value
        for name, value in NEW_DELIVERY.items()
    },
)
"""`jobs` is a list in JSON with the id and the arguments of each job."""

# --- Once, and in order -------------------------------------------------------------------------

_POSITION: Final = ("aggregate_type", "aggregate_id", "aggregate_version", "ordinal")
APPEND_ONCE: Final = Statement(
    insert(event_log)
    .values(recorded_at=database_time())
    .on_conflict_do_nothing(index_elements=_POSITION)
    .returning(_event.event_id),
    columns=LOGGED,
)
FIND_ONCE: Final = Statement(
    select(_event.event_id).where(*(_event[name] == bindparam(f"of_{name}") for name in _POSITION))
)

LOCK_STREAM: Final = Statement(select(wait_lock(bindparam("name"))))
"""Positions are in the order of commits: the next transaction waits for the end of this one."""

_of_stream = and_(
    _this.handler == bindparam("of_handler"), _this.stream_id == bindparam("of_stream")
)
_positions = union_all(
    select(_this.stream_position).where(_of_stream, is_in(_this.state, *OPEN_STATES)),
    select(_this.stream_position).where(_of_stream, is_just(_this.state, DeliveryState.HELD)),
).subquery()
LAST_POSITION: Final = Statement(
    select(func.coalesce(func.max(_positions.c.stream_position), 0).label("last"))
)

# --- With a key ---------------------------------------------------------------------------------

_added = insert(event_delivery).values(NEW_DELIVERY)
_new = _added.excluded
_later_end = case(
    (or_(_this.expires_at.is_(None), _new.expires_at.is_(None)), null()),
    (_this.expires_at > _new.expires_at, _this.expires_at),
    else_=_new.expires_at,
)
_renewed: dict[str, ColumnElement[Any]] = {
    name: _new[name] for name in ("priority", "max_attempts", "attempts", "expires_at")
}


def _deliver_with_key(**changed: ColumnElement[Any]) -> Statement:
    return Statement(
        _added.on_conflict_do_update(
            index_elements=[_this.handler, _this.job_key],
            index_where=waits_with_key(_this),
            set_=changed,
        ).returning(_this.id, _this.event_id),
        columns=[*DELIVERED, "job_key"],
    )


DELIVER_WITH_KEY: Final = {
    # `keep` writes the row too. The lock on the row prevents a claim, so the run begins after the
    # commit and sees the committed changes.
    "keep": _deliver_with_key(expires_at=_later_end),
    "replace": _deliver_with_key(**_renewed),
    "postpone": _deliver_with_key(**_renewed, due_at=_new.due_at, due_set_at=_new.due_set_at),
}
"""Enqueue the job, or change the one that waits with its key."""

REPLACED: Final = ("payload", "schema_version", "actor_id", "correlation_id", "causation_id")
REPLACE_ARGUMENTS: Final = Statement(
    update(event_log)
    .where(_event.event_id == bindparam("of_event"))
    .values({name: bindparam(f"new_{name}") for name in REPLACED})
)
BEGIN_ANEW: Final = Statement(
    update(job_state)
    .where(job_state.c.delivery_id == bindparam("of_delivery"))
    .values(cursor=null())
)
"""With its cursor the job would begin after the finished part and miss changes there."""

# --- Cancelling ---------------------------------------------------------------------------------

_BEGUN: Final = (DeliveryState.CLAIMED, DeliveryState.NO_HANDLER)
_NOT_BEGUN: Final = (*WAITING_STATES, DeliveryState.NO_HANDLER)
_with_key = and_(_this.handler == bindparam("of_handler"), _this.job_key == bindparam("of_key"))
OPEN_WITH_KEY: Final = Statement(
    union_all(  # each part uses its own index
        select(_this.id).where(_with_key, waits_with_key(_this)),
        select(_this.id).where(_with_key, _this.job_key.is_not(None), is_in(_this.state, *_BEGUN)),
    )
)
OPEN_ONE: Final = Statement(
    select(_this.id).where(
        _this.event_id == bindparam("of_event"),
        is_in(_this.state, *_NOT_BEGUN, DeliveryState.CLAIMED),
    )
)
IS_OPEN: Final = Statement(
    select(_this.id).where(
        _this.id == bindparam("delivery_id"), is_in(_this.state, *_NOT_BEGUN, DeliveryState.CLAIMED)
    )
)
MARK_CANCELLED: Final = Statement(
    insert(job_cancel).on_conflict_do_nothing(index_elements=["delivery_id"]),
    columns=["delivery_id"],
)
"""The mark comes first, in any state: so a job that begins to run now is not missed."""

CANCEL: Final = Statement(
    update(event_delivery)
    .where(_this.id == bindparam("delivery_id"), is_in(_this.state, *_NOT_BEGUN))
    .values(
        state=int(DeliveryState.CANCELLED),
        done_at=database_time(),
        last_error="cancelled",
    )
    .returning(_this.handler, _this.stream_id)
)
"""Cancels the job unless it has begun to run."""
