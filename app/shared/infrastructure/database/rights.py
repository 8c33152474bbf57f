"""The rights of a role that does not own the tables: the service only reads and writes rows."""

from typing import Final

from sqlalchemy import text

from app.shared.infrastructure.database.connection import Reads
from app.shared.infrastructure.database.migrate import VERSION_TABLE
from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.statement import Statement

_NEEDED: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
_CLOSED: Final = text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace ="  # noqa: S608 - no input
    f" (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('{VERSION_TABLE}'))"
    f" AND NOT ({' AND '.join(f'has_table_privilege(oid, {right!r})' for right in _NEEDED)})"
)


async def tables_without_rights(database: Reads) -> list[str]:
    """Return the tables of the service that this PostgreSQL role may not read and write."""
    rows = await database.fetch_all(Statement(_CLOSED), {})
    return sorted(metadata.tables.keys() & {row["relname"] for row in rows})
