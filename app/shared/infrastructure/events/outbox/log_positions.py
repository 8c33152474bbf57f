"""Where in the log an event stands, by when it was written: for walks through it in stretches.

`after_time`, `after_seq` are where the walk is, `last_time`, `last_seq` where the stretch ends.
"""

from typing import Final

from sqlalchemy import bindparam, tuple_

from app.shared.infrastructure.database.models import event_log

_event = event_log.c
_position = tuple_(_event.recorded_at, _event.seq)
_after = tuple_(
    bindparam("after_time", type_=_event.recorded_at.type),
    bindparam("after_seq", type_=_event.seq.type),
)
_last = tuple_(
    bindparam("last_time", type_=_event.recorded_at.type),
    bindparam("last_seq", type_=_event.seq.type),
)
# The times once more by themselves: from two positions PostgreSQL can't tell how little lies
# between them, and would read through all deliveries for each stretch.
IS_AFTER: Final = (_position > _after) & (_event.recorded_at >= bindparam("after_time"))
IS_UP_TO_LAST: Final = (_position <= _last) & (_event.recorded_at <= bindparam("last_time"))
