"""The life of a delivery in the database: claimed, run, done; or tried again, blocked, dead.

Every time is the database's own, so the clocks of the processes do not matter. Every change of a
claimed delivery names the token of its claim: a process that lost its claim changes nothing.
"""

from typing import Final

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import (
    event_attempt,
    event_delivery,
    event_log,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import (
    OPEN_STATES,
    DeliveryState,
    due_in,
    is_in,
    is_just,
)

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, *_ = DeliveryState

_this = event_delivery.c
_other = event_delivery.alias("other").c


CLAIMED_COLUMNS: Final = tuple(
    _this[name] for name in ("id", "token", "attempts", "state", "handler", "stream_id", "batch_id")
)
"""What a process that claims a delivery knows of it."""


def _is_unfinished() -> ColumnElement[bool]:
    """Whether another delivery is not done yet, or holds its stream back because it is dead."""
    return and_(
        is_in(_other.state, *OPEN_STATES),
        or_(_other.state != int(DEAD), _other.blocks_when_dead),
    )


def head_of(handler: ColumnElement[str], stream: ColumnElement[object]) -> Select[tuple[int]]:
    """The position of the first unfinished delivery in the stream: one step into an index."""
    in_stream = and_(_other.handler == handler, _other.stream_id == stream)
    return (
        select(_other.stream_position)
        .where(in_stream, _is_unfinished())
        # Not `min`: with a plan that was made while the table was empty, it reads the whole stream.
        .order_by(_other.handler, _other.stream_id, _other.stream_position)
        .limit(literal_column("1"))
    )


_waits_behind = (
    select(_other.id)
    .where(
        _other.handler == _this.handler,
        _other.stream_id == _this.stream_id,
        is_just(_other.state, BLOCKED),
    )
    .order_by(_other.handler, _other.stream_id, _other.stream_position)
    .limit(literal_column("1"))
    .correlate(event_delivery)
    .scalar_subquery()
)
WAITING_IN: Final = Statement(
    select(_this.handler, _this.stream_id).where(
        _this.id.in_(bindparam("ids", expanding=True)), _waits_behind.is_not(None)
    )
)
"""The streams of these deliveries in which another waits: one step into an index for each."""

UNBLOCK_NEXT: Final = Statement(
    update(event_delivery)
    .where(
        _this.handler == bindparam("of_handler"),
        _this.stream_id == bindparam("of_stream"),
        is_just(_this.state, BLOCKED),
        _this.stream_position
        == head_of(bindparam("of_handler"), bindparam("of_stream")).scalar_subquery(),
    )
    .values(state=int(READY))
)
"""Unblock the next delivery of a stream, if nothing before it is unfinished."""

is_held: Final = and_(
    _this.id == bindparam("held"),
    _this.token == bindparam("with_token"),
    _this.state == int(CLAIMED),
)
_with_token = cast(_this.id, String) + ":" + cast(_this.token, String)
are_held: Final = and_(
    _this.id.in_(bindparam("ids", expanding=True)),
    _with_token.in_(bindparam("with_tokens", expanding=True)),
    _this.state == int(CLAIMED),
)
_event_of_delivery = (
    select(
        _this.attempts,
        event_log.c.event_id,
        event_log.c.event_type,
        event_log.c.schema_version,
        event_log.c.payload,
        event_log.c.correlation_id,
        event_log.c.traceparent,
        event_log.c.actor_id,
        event_log.c.occurred_at,
    )
    .join(event_log, event_log.c.event_id == _this.event_id)
    # The lock leaves the key free: a process that cancels a job writes a row that refers to it.
    .with_for_update(of=event_delivery, key_share=True)
)
LOAD: Final = Statement(_event_of_delivery.where(is_held))
"""Lock a claimed delivery and read its event: no row if another process has claimed it meanwhile.

It waits for the lock: another engine whose claim came too late holds it for a moment.
"""

LOAD_GROUP: Final = Statement(
    _event_of_delivery.add_columns(_this.id).where(are_held).order_by(_this.id)
)
"""The same for several: the rows omit those that another process has claimed meanwhile."""

SENT_AT_ONCE: Final = 20
_are_held = or_(
    *(
        and_(_this.id == bindparam(f"held_{n}"), _this.token == bindparam(f"with_token_{n}"))
        for n in range(SENT_AT_ONCE)
    )
)
START: Final = Statement(
    update(event_delivery)
    .where(_are_held, _this.state == int(CLAIMED))
    .values(
        token=_this.token + 1,
        attempts=_this.attempts + 1,
        **due_in(bindparam("lease", type_=Float)),
        worker_id=bindparam("by"),
    )
    .returning(*CLAIMED_COLUMNS)
)
"""Start the deliveries of one message: the attempts count now, and the lease is that of a run.

The token grows here too, so that another copy of the message finds nothing to start.
"""

FINISH: Final = Statement(
    update(event_delivery)
    .where(is_held)
    .values(state=int(DONE), done_at=database_time(), last_error=bindparam("note"))
)
FINISH_GROUP: Final = Statement(
    update(event_delivery)
    .where(are_held)
    .values(state=int(DONE), done_at=database_time(), last_error=None)
    .returning(_this.id)
)
FAIL: Final = Statement(
    update(event_delivery)
    .where(is_held)
    .values(
        state=case(
            (or_(bindparam("is_fatal"), _this.attempts >= _this.max_attempts), int(DEAD)),
            else_=int(READY),
        ),
        **due_in(bindparam("delay", type_=Float)),
        worker_id=None,
        last_error=bindparam("note"),
    )
    .returning(_this.state)
)
EXTEND: Final = Statement(
    update(event_delivery).where(is_held).values(due_in(bindparam("lease", type_=Float)))
)
_released = update(event_delivery).values(
    state=int(READY), **due_in(), worker_id=None, attempts=_this.attempts - 1
)
RELEASE: Final = Statement(_released.where(is_held))
RELEASE_GROUP: Final = Statement(_released.where(are_held).returning(_this.id))
"""Return a delivery untried: its attempt does not count."""

CONTINUE: Final = Statement(
    update(event_delivery)
    .where(is_held)
    .values(
        state=int(READY),
        **due_in(),
        worker_id=None,
        attempts=0,
        last_error=bindparam("note"),
    )
)
"""Keep the part that was done; the rest runs after others had their turn."""

REFUND: Final = Statement(
    update(event_delivery)
    .where(is_held)
    .values(state=int(READY), **due_in(bindparam("delay", type_=Float)), worker_id=None)
)
"""Return what could not be sent: no attempt was counted yet."""

MARK_NO_HANDLER: Final = Statement(
    update(event_delivery).where(is_held).values(state=int(NO_HANDLER), worker_id=None)
)

ADD_ATTEMPT: Final = Statement(
    insert(event_attempt).values(ended_at=database_time()),
    columns=["delivery_id", "token", "attempt", "worker_id", "error_class", "error", "traceback"],
)
