"""Positions of events in the log, by time of writing, to read the log part by part.

`after_time` and `after_seq` are the current position; `last_time` and `last_seq` end the part.
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
# The times are compared separately too. From two positions PostgreSQL can't estimate how few rows
# are between them, and would read all deliveries for each part.
IS_AFTER: Final = (_position > _after) & (_event.recorded_at >= bindparam("after_time"))
IS_UP_TO_LAST: Final = (_position <= _last) & (_event.recorded_at <= bindparam("last_time"))
