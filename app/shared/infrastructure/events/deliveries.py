"""The life of a delivery in the database: taken, run, done; or tried again, blocked, dead.

Every time is the database's own, so the clocks of the processes do not matter. Every change of a
taken delivery names the token it was taken with: whoever was overtaken changes nothing.
"""

from typing import Final

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    union_all,
    update,
)

from app.shared.infrastructure.database.expressions import database_time, one_of
from app.shared.infrastructure.database.models import (
    event_attempt,
    event_delivery,
    event_log,
    event_pause,
)
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.states import (
    IN_LANES,
    DeliveryState,
    due_in,
    is_in,
    is_just,
)

READY, TAKEN, DEAD, DONE, BLOCKED, PARKED, DISCARDED = DeliveryState

_this = event_delivery.c
_other = event_delivery.alias("other").c


def _is_unfinished() -> ColumnElement[bool]:
    """Whether another delivery has still to be done, or holds its lane back as dead."""
    return and_(
        is_in(_other.state, *IN_LANES),
        or_(_other.state != int(DEAD), _other.blocks_when_dead),
    )


def head_of(handler: ColumnElement[str], lane: ColumnElement[object]) -> Select[tuple[int]]:
    """Where in the lane the first unfinished delivery stands: one step into an index."""
    in_lane = and_(_other.handler == handler, _other.lane == lane)
    return (
        select(_other.lane_seq)
        .where(in_lane, _is_unfinished())
        # Not `min`: with a plan that was made while the table was empty it reads the whole lane.
        .order_by(_other.handler, _other.lane, _other.lane_seq)
        .limit(literal_column("1"))
    )


def is_paused(handler: ColumnElement[str]) -> ColumnElement[bool]:
    return exists(select(event_pause.c.handler).where(event_pause.c.handler == handler))


def _first_due(count: ColumnElement[int], *also: ColumnElement[bool]) -> Select[tuple[int]]:
    return (
        select(_this.id)
        .where(is_in(_this.state, READY, TAKEN), _this.due_at <= database_time(), *also)
        .order_by(_this.due_at, _this.id)
        .limit(count)
        .with_for_update(skip_locked=True)
    )


_count = bindparam("count", type_=Integer)
_urgent = _first_due(_count, _this.is_urgent).cte("urgent")
_left = _count - select(func.count()).select_from(_urgent).scalar_subquery()
_others = _first_due(_left, not_(_this.is_urgent)).cte("others")
_due = union_all(select(_urgent.c.id), select(_others.c.id)).cte("due")
_is_first = _this.lane_seq <= head_of(_this.handler, _this.lane).scalar_subquery()
_judged = (
    select(
        _this.id,
        and_(_is_first, not_(is_paused(_this.handler))).label("is_head"),
        (_this.attempts < _this.max_attempts).label("may_try"),
    )
    .where(_this.id.in_(select(_due.c.id)))
    .cte("judged")
    .prefix_with("MATERIALIZED", dialect="postgresql")  # else it judges anew for each column
)
NEVER_ENDED: Final = "its last attempt never came to an end: the process was gone, or stood still"
_may_run = and_(_judged.c.is_head, _judged.c.may_try)
TAKE: Final = Query(
    update(event_delivery)
    .where(_this.id == _judged.c.id)
    .values(
        # A delivery whose every attempt was started and never ended killed its process each time.
        state=case((_may_run, int(TAKEN)), (_judged.c.is_head, int(DEAD)), else_=int(BLOCKED)),
        token=_this.token + case((_may_run, 1), else_=0),
        attempts=_this.attempts + case((_may_run, bindparam("counted", type_=Integer)), else_=0),
        **{
            name: case((_may_run, value), else_=_this[name])
            for name, value in due_in(bindparam("lease", type_=Float)).items()
        },
        owner=bindparam("by"),
        last_error=case(
            (or_(_may_run, not_(_judged.c.is_head)), _this.last_error), else_=NEVER_ENDED
        ),
    )
    .returning(_this.id, _this.token, _this.attempts, _this.state, _this.handler, _this.lane)
)
"""Take what is due, the urgent and the oldest first: heads of their lanes to run, the others are
set aside.

So is what belongs to a paused handler: it is looked at once, and not again until that resumes.

Nobody waits for anybody (SKIP LOCKED). An attempt counts when it starts, so that a day without
workers costs none, and one that kills its process is counted all the same.
"""

SET_ASIDE_AT_ONCE: Final = 5_000
_later = event_delivery.alias("later").c
_rest_of_lane = (
    select(_later.id)
    .where(
        _later.handler == bindparam("of_handler"),
        _later.lane == bindparam("of_lane"),
        is_just(_later.state, READY),
        _later.lane_seq > head_of(bindparam("of_handler"), bindparam("of_lane")).scalar_subquery(),
    )
    .order_by(_later.lane_seq)
    .limit(SET_ASIDE_AT_ONCE)
    .with_for_update(skip_locked=True)
)
SET_ASIDE: Final = Query(
    update(event_delivery).where(one_of(_this.id, _rest_of_lane)).values(state=int(BLOCKED))
)
"""Set aside what else is ready in a lane: else others wait while it is found, a few at a time."""

WAITING: Final = Query(
    select(_this.id)
    .where(
        _this.handler == bindparam("of_handler"),
        _this.lane == bindparam("of_lane"),
        is_just(_this.state, BLOCKED),
    )
    .limit(1)
)
PROMOTE: Final = Query(
    update(event_delivery)
    .where(
        _this.handler == bindparam("of_handler"),
        _this.lane == bindparam("of_lane"),
        is_just(_this.state, BLOCKED),
        not_(is_paused(bindparam("of_handler"))),
        _this.lane_seq == head_of(bindparam("of_handler"), bindparam("of_lane")).scalar_subquery(),
    )
    .values(state=int(READY))
)
"""Let the next one of a lane go, if nothing before it is unfinished."""

_is_held = and_(
    _this.id == bindparam("held"), _this.token == bindparam("with_token"), _this.state == int(TAKEN)
)
LOAD: Final = Query(
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
    .where(_is_held)
    .with_for_update(of=event_delivery)
)
"""Lock a delivery that is held, and read its event: no row when somebody else has it by now.

It waits for the lock: another engine's TAKE that came too late has it for a moment.
"""

SENT_AT_ONCE: Final = 20
_are_held = or_(
    *(
        and_(_this.id == bindparam(f"held_{n}"), _this.token == bindparam(f"with_token_{n}"))
        for n in range(SENT_AT_ONCE)
    )
)
START: Final = Query(
    update(event_delivery)
    .where(_are_held, _this.state == int(TAKEN))
    .values(
        token=_this.token + 1,
        attempts=_this.attempts + 1,
        **due_in(bindparam("lease", type_=Float)),
        owner=bindparam("by"),
    )
    .returning(_this.id, _this.token, _this.attempts, _this.state, _this.handler, _this.lane)
)
"""Start what came in one message: the attempts count now, and the lease is a run's.

The token grows here too, so that another copy of the message finds nothing to start.
"""

FINISH: Final = Query(
    update(event_delivery)
    .where(_is_held)
    .values(state=int(DONE), done_at=database_time(), last_error=bindparam("note"))
)
FAIL: Final = Query(
    update(event_delivery)
    .where(_is_held)
    .values(
        state=case(
            (or_(bindparam("is_fatal"), _this.attempts >= _this.max_attempts), int(DEAD)),
            else_=int(READY),
        ),
        **due_in(bindparam("delay", type_=Float)),
        owner=None,
        last_error=bindparam("note"),
    )
    .returning(_this.state)
)
EXTEND: Final = Query(
    update(event_delivery).where(_is_held).values(due_in(bindparam("lease", type_=Float)))
)
RELEASE: Final = Query(
    update(event_delivery)
    .where(_is_held)
    .values(state=int(READY), **due_in(), owner=None, attempts=_this.attempts - 1)
)
"""Give a delivery back untried: its attempt does not count."""

CONTINUE: Final = Query(
    update(event_delivery)
    .where(_is_held)
    .values(
        state=int(READY),
        **due_in(),
        owner=None,
        attempts=0,
        last_error=bindparam("note"),
    )
)
"""Keep a part that was done, and have the rest done when others have had their turn."""

REFUND: Final = Query(
    update(event_delivery)
    .where(_is_held)
    .values(state=int(READY), **due_in(bindparam("delay", type_=Float)), owner=None)
)
"""Give back what could not be sent: no attempt was counted yet."""

PARK: Final = Query(update(event_delivery).where(_is_held).values(state=int(PARKED), owner=None))

ADD_ATTEMPT: Final = Query(
    insert(event_attempt).values(ended_at=database_time()),
    columns=["delivery_id", "token", "attempt", "owner", "error_class", "error", "traceback"],
)
