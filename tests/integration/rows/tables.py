"""Tables as a module would have them."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Uuid

from app.shared.infrastructure.database.models import Timestamp, metadata

schema = MetaData(naming_convention=metadata.naming_convention)

thing = Table(
    "thing",
    schema,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("kind", String(20)),
    Column("rank", Integer, nullable=False),
    Column("due_at", Timestamp),
)
Index("ix_thing_due", thing.c.owner_id, thing.c.due_at, thing.c.id)
Index("ix_thing_kind", thing.c.owner_id, thing.c.kind, thing.c.rank, thing.c.id)
