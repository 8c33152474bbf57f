"""What is due: for each handler and each priority, as far as it matters.

Each is an exact range of one index: future deliveries and those of others are never read.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from app.core.run_limits import PRIORITIES
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_handler
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just

COUNTED: Final = 200

_ready = event_delivery.alias("ready").c
_is_ready = is_just(_ready.state, DeliveryState.READY)
# All columns of the index, though some are equal. Without them, a plan that was made while the
# table was empty might use another index and a sort.
_IN_ORDER: Final = (_ready.handler, _ready.priority, _ready.due_at, _ready.id)


def first_ready_handler(*after: ColumnElement[bool]) -> Select[Any]:
    """Return the first handler that has a ready delivery: one step into an index."""
    return (
        select(_ready.handler)
        .where(_is_ready, *after)
        .order_by(*_IN_ORDER)
        .limit(literal_column("1"))
    )


_begin = select(first_ready_handler().scalar_subquery().label("id")).cte("handlers", recursive=True)
_next = first_ready_handler(_ready.handler > _begin.c.id).correlate(_begin).scalar_subquery()
_handlers = _begin.union_all(select(_next).where(_begin.c.id.is_not(None)))
HANDLERS: Final = Statement(select(_handlers.c.id).where(_handlers.c.id.is_not(None)))
"""All handlers that have a ready delivery, due or not: one step for each."""

_level = union_all(
    *(select(literal_column(str(level)).label("priority")) for level in PRIORITIES.values())
).subquery("level")


def due(
    handler: ColumnElement[Any], priority: ColumnElement[Any], *columns: ColumnElement[Any]
) -> Select[Any]:
    """Return the due deliveries of a handler and a priority, oldest first."""
    return (
        select(*columns or (_ready.id,))
        .where(
            _is_ready,
            _ready.handler == handler,
            _ready.priority == priority,
            _ready.due_at <= database_time(),
        )
        .order_by(*_IN_ORDER)
    )


_of_level = (_handlers.c.id, _level.c.priority)
_oldest = due(*_of_level, _ready.due_at).limit(literal_column("1"))
_some = (
    due(*_of_level)
    # Constants: with limits that it does not know, the server would plan the statement each time.
    # That takes longer than to run it.
    .limit(literal_column(str(COUNTED)))
    .correlate(_handlers, _level)
    .subquery("some")
)
_count = select(func.count()).select_from(_some).correlate(_handlers, _level)
DEMANDS: Final = Statement(
    select(
        _handlers.c.id.label("handler"),
        _level.c.priority,
        _oldest.correlate(_handlers, _level).scalar_subquery().label("oldest"),
        _count.scalar_subquery().label("due"),
        event_handler.c.rate_used_until,
        database_time().label("now"),
    )
    .select_from(_handlers)
    .join(_level, true())
    .outerjoin(event_handler, event_handler.c.handler == _handlers.c.id)
    .where(_handlers.c.id.is_not(None), event_handler.c.paused_at.is_(None))
)
"""How much is due for each handler that is not paused, by priority; counted up to COUNTED."""
