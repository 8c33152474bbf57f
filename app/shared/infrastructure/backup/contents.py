"""Reads what a database holds, for a manifest and for the comparison with one."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import String, Table, column, func, inspect, select, table, text
from sqlalchemy.engine import Connection

from app.shared.infrastructure.backup.manifest import Contents, LastEvent, TableContents
from app.shared.infrastructure.database.migrate import VERSION_TABLE
from app.shared.infrastructure.database.models import event_log, metadata

# All tables of the database, also those of others: the backup contains them too. What belongs to
# an extension is created by that extension.
_OF_SERVER: Final = text("""
SELECT n.nspname AS schema, c.relname AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
""")
_OF_FILE: Final = text("""
SELECT NULL AS schema, name FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 2
""")
_LAST_EVENT: Final = (
    select(event_log.c.seq, event_log.c.event_id, event_log.c.recorded_at)
    .order_by(event_log.c.seq.desc())
    .limit(1)
)
_VERSION: Final = select(column("version_num", String)).select_from(table(VERSION_TABLE))


def read_contents(connection: Connection) -> Contents:
    """Return the contents. The caller's transaction decides of which moment."""
    tables = dict(_tables(connection))
    is_ours = inspect(connection).has_table(VERSION_TABLE)
    last = connection.execute(_LAST_EVENT).first() if is_ours else None
    return Contents(
        revisions=sorted(connection.scalars(_VERSION)) if is_ours else [],
        tables=tables,
        last_event=last and LastEvent(last.seq, UUID(bytes=last.event_id.bytes), last.recorded_at),
    )


def has_other_event(connection: Connection, last: LastEvent | None) -> bool:
    """Return whether the database has another event with this number, so it is another database."""
    if last is None or not inspect(connection).has_table(event_log.name):
        return False
    same_number = select(event_log.c.event_id).where(event_log.c.seq == last.seq)
    found = connection.scalar(same_number)
    return found is not None and found != last.event_id


def _tables(connection: Connection) -> Iterator[tuple[str, TableContents]]:
    found = connection.execute(_OF_SERVER if connection.dialect.name != "sqlite" else _OF_FILE)
    for schema, name in found.all():
        rows = table(name, schema=schema)
        count = connection.execute(select(func.count()).select_from(rows)).scalar_one()
        highest = None
        if (id := _counted_up(name)) is not None:
            highest = connection.scalar(select(func.max(column(id))).select_from(rows))
        yield f"{schema}.{name}" if schema else name, TableContents(count, highest)


def _counted_up(name: str) -> str | None:
    """Return the column of a table of ours that the database counts up, if there is one."""
    ours: Table | None = metadata.tables.get(name)
    if ours is None or ours.autoincrement_column is None:
        return None
    return ours.autoincrement_column.name
