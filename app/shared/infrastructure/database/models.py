"""The schema that all tables share: naming, column types, and the tables of the base itself."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

# Every constraint has a name, so that an error of the database can be told by it.
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
    """A moment as text of one width, which sorts and compares as the moments do."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> dt.datetime | None:
        return None if value is None else dt.datetime.fromisoformat(value)


Timestamp = DateTime(timezone=True).with_variant(_UtcText(), "sqlite")
"""A moment in UTC, to the microsecond, on every database."""

Json = JSON().with_variant(JSONB(), "postgresql")


def aggregate_columns() -> list[Column[Any]]:
    """Return the columns that every aggregate's table starts with."""
    return [
        Column("id", Uuid, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("created_at", Timestamp, nullable=False),
        Column("updated_at", Timestamp, nullable=False),
    ]


event_log = Table(
    "event_log",
    metadata,
    # Storage order only: numbers are given before the commit, so it never serves as a position.
    Column(
        "seq",
        BigInteger().with_variant(Integer(), "sqlite"),
        Identity(always=True),
        primary_key=True,
    ),
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
    # A broken version check ends here, as an error, and not as events in the wrong order.
    UniqueConstraint(
        "aggregate_type",
        "aggregate_id",
        "aggregate_version",
        "ordinal",
        name="uq_event_log_position",
    ),
)
