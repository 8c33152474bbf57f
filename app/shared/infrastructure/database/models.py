"""What all tables share: names, column types, and the tables of the base itself."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    and_,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

from app.shared.infrastructure.database.exact_columns import refuse_inexact_columns

# Every constraint has a name, by which an error of the database is recognised.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class _UtcText(TypeDecorator[dt.datetime]):
    """A time as text of one width, which sorts and compares as the times do."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> dt.datetime | None:
        return None if value is None else dt.datetime.fromisoformat(value)


Timestamp = DateTime(timezone=True).with_variant(_UtcText(), "sqlite")
"""A time in UTC, to the microsecond, on every database."""

# SQLAlchemy's own way with None is the JSON value `null`, which no `IS NULL` finds.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON value, from and to the types that `json` knows; None is NULL on every database."""

refuse_inexact_columns(metadata, timestamp=Timestamp)


def aggregate_columns() -> list[Column[Any]]:
    """Return the columns that every aggregate's table starts with."""
    return [
        Column("id", Uuid, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("created_at", Timestamp, nullable=False),
        Column("updated_at", Timestamp, nullable=False),
    ]


def partial_index(
    name: str, *columns: ColumnElement[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """Add an index of the rows that fulfil a condition, on both databases."""
    return Index(name, *columns, unique=unique, postgresql_where=where, sqlite_where=where)


def _sequence(name: str) -> Column[Any]:
    """Return a key that the database counts up."""
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Column(name, kind, Identity(always=True), primary_key=True)


event_log = Table(
    "event_log",
    metadata,
    # Storage order only: numbers are given before the commit, so they are no position to read from.
    _sequence("seq"),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("event_type", String(100), nullable=False),
    Column("schema_version", SmallInteger, nullable=False),
    Column("module", String(50), nullable=False),
    Column("aggregate_type", String(50), nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("aggregate_version", Integer, nullable=False),
    Column("ordinal", SmallInteger, nullable=False),
    Column("payload", Json, nullable=False),
    Column("correlation_id", String(64)),
    Column("causation_id", Uuid),
    Column("traceparent", String(64)),
    Column("actor_id", Uuid),
    Column("occurred_at", Timestamp, nullable=False),
    Column("recorded_at", Timestamp, nullable=False),
    # If a version check is wrong, this constraint raises an error, and no event is out of order.
    UniqueConstraint(
        "aggregate_type",
        "aggregate_id",
        "aggregate_version",
        "ordinal",
        name="uq_event_log_position",
    ),
    # For work by time: deleting old events, and replaying those of a period.
    Index(None, "recorded_at", "seq"),
)

# One row for each event and each of its handlers, written with the event: what is still to do.
event_delivery = Table(
    "event_delivery",
    metadata,
    _sequence("id"),
    Column("event_id", Uuid, nullable=False),
    Column("handler", String(100), nullable=False),
    # The deliveries of one handler for one aggregate, which must stay in order.
    Column("stream_id", Uuid, nullable=False),
    Column("stream_position", BigInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    # Grows with each claim: a worker with an older token has lost the delivery.
    Column("token", Integer, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("max_attempts", SmallInteger, nullable=False),
    Column("blocks_when_dead", Boolean, nullable=False),
    # 0 is high, 1 normal, 2 low: see `app.core.events`.
    Column("priority", SmallInteger, nullable=False, server_default=text("1")),
    # Of jobs: the key of a waiting one, its batch, and until when it may run.
    Column("job_key", String(200)),
    Column("batch_id", Uuid),
    Column("expires_at", Timestamp),
    # When it may be claimed: for its first run, its next attempt, or at the end of the lease.
    Column("due_at", Timestamp, nullable=False),
    # When `due_at` was written; null if somebody named the moment. If it is in the future, the
    # database's clock was ahead: see `clock.py`.
    Column("due_set_at", Timestamp),
    Column("worker_id", String(100)),
    Column("last_error", Text),
    Column("done_at", Timestamp),
    UniqueConstraint("event_id", "handler"),
)
_STATE = event_delivery.c.state
for _name, _columns, _where in (
    (
        "ready",
        (
            event_delivery.c.handler,
            event_delivery.c.priority,
            event_delivery.c.due_at,
            event_delivery.c.id,
        ),
        _STATE == 0,
    ),
    ("claimed", (event_delivery.c.handler, event_delivery.c.due_at), _STATE == 1),
    (
        "stream",
        (event_delivery.c.handler, event_delivery.c.stream_id, event_delivery.c.stream_position),
        _STATE.in_([0, 1, 2, 4, 5]),
    ),
    (
        "blocked",
        (event_delivery.c.handler, event_delivery.c.stream_id, event_delivery.c.stream_position),
        _STATE == 4,  # noqa: PLR2004 - see DeliveryState
    ),
    ("dead", (event_delivery.c.handler, event_delivery.c.id), _STATE.in_([2, 5])),
    ("no_handler", (event_delivery.c.handler, event_delivery.c.id), _STATE == 5),  # noqa: PLR2004
    ("done", (event_delivery.c.done_at,), _STATE == 3),  # noqa: PLR2004 - see DeliveryState
    ("discarded", (event_delivery.c.done_at,), _STATE.in_([6, 7])),
    (
        "held",
        (event_delivery.c.handler, event_delivery.c.stream_id, event_delivery.c.stream_position),
        _STATE == 8,  # noqa: PLR2004 - see DeliveryState
    ),
    ("batch", (event_delivery.c.batch_id, _STATE), event_delivery.c.batch_id.is_not(None)),
    (
        "begun_key",
        (event_delivery.c.handler, event_delivery.c.job_key),
        and_(event_delivery.c.job_key.is_not(None), _STATE.in_([1, 5])),
    ),
):
    partial_index(f"ix_event_delivery_{_name}", *_columns, where=_where)
# Of one handler only one delivery waits with a key.
partial_index(
    "ix_event_delivery_key",
    event_delivery.c.handler,
    event_delivery.c.job_key,
    where=and_(event_delivery.c.job_key.is_not(None), _STATE.in_([0, 4, 8])),
    unique=True,
)

# The errors of failed attempts. They are identified by the delivery's token, because a retry counts
# attempts from one again.
event_attempt = Table(
    "event_attempt",
    metadata,
    Column("delivery_id", ForeignKey("event_delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("token", Integer, primary_key=True, autoincrement=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("worker_id", String(100), nullable=False),
    Column("ended_at", Timestamp, nullable=False),
    Column("error_class", String(200), nullable=False),
    Column("error", Text, nullable=False),
    Column("traceback", Text, nullable=False),
)

# What a job has besides its delivery: only those that need it have a row. It has no other index, so
# that a change of it stays in its page.
job_state = Table(
    "job_state",
    metadata,
    Column("delivery_id", ForeignKey("event_delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("cursor", Json),
    Column("progress_done", BigInteger),
    Column("progress_total", BigInteger),
    Column("result", Json),
)

# Jobs that somebody cancelled. It is no column of the delivery, whose row a run has locked.
job_cancel = Table(
    "job_cancel",
    metadata,
    Column("delivery_id", ForeignKey("event_delivery.id", ondelete="CASCADE"), primary_key=True),
)

# Jobs that belong together, and what is enqueued at their end: see `batches.py`.
job_batch = Table(
    "job_batch",
    metadata,
    Column("id", Uuid, primary_key=True),
    # Jobs that are still to be enqueued, by `then`, `catch` and `finally`.
    Column("callbacks", Json, nullable=False),
    # When the first of its jobs was found dead, discarded or cancelled.
    Column("failed_at", Timestamp),
    Column("closed_at", Timestamp),
)
partial_index("ix_job_batch_open", job_batch.c.id, where=job_batch.c.closed_at.is_(None))
partial_index(
    "ix_job_batch_closed", job_batch.c.closed_at, where=job_batch.c.closed_at.is_not(None)
)

# What all processes must know of a handler. A handler that was never paused has no row.
event_handler = Table(
    "event_handler",
    metadata,
    Column("handler", String(100), primary_key=True),
    # The time from which its deliveries wait, because it was paused.
    Column("paused_at", Timestamp),
    # Until when its rate is used up: the "theoretical arrival time" of the algorithm GCRA.
    Column("rate_used_until", Timestamp),
)

# The progress of each schedule: old events are deleted, and a schedule may have longer intervals.
schedule_state = Table(
    "schedule_state",
    metadata,
    Column("schedule", String(100), primary_key=True),
    # Every tick up to this time was published, or was skipped for good.
    Column("settled_until", Timestamp, nullable=False),
    # The times of the schedule: another release may have others.
    Column("times", String(300), nullable=False),
)

# The answers to POST requests with a key, written in the transaction of their effect.
idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("operation", String(200), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Timestamp, nullable=False, index=True),
)
