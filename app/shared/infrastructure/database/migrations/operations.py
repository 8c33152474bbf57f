"""Operations of migrations that need more care than Alembic's own."""

from collections.abc import Sequence
from typing import Any, Final

from alembic import op
from sqlalchemy import TextClause, text

from app.shared.infrastructure.database.column_types import ListOf, WholeUnits

_WAIT: Final = text("SELECT set_config('lock_timeout', :limit, false)")
_LIMIT: Final = text("SELECT current_setting('lock_timeout')")


def create_partial_index(
    name: str,
    table_name: str,
    columns: Sequence[str],
    where: str,
    *,
    on_postgresql: str | None = None,
    unique: bool = False,
) -> None:
    """Make an index of the rows that fulfil a condition, on both databases.

    `on_postgresql` is the condition as PostgreSQL has it, where that differs.
    """
    op.create_index(
        name,
        table_name,
        columns,
        unique=unique,
        postgresql_where=text(on_postgresql or where),
        sqlite_where=text(where),
    )


def create_index_concurrently(
    name: str,
    table_name: str,
    columns: Sequence[str],
    *,
    unique: bool = False,
    where: TextClause | None = None,
) -> None:
    """Create an index of a large table while others write to it.

    PostgreSQL does it outside any transaction, so the migration must contain nothing else. It waits
    for all transactions that write when it begins. If it fails it leaves an invalid index, which is
    dropped when the migration runs again. SQLite has one writer, so it creates the index at once.
    """
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table_name, columns, unique=unique, sqlite_where=where)
        return
    with op.get_context().autocommit_block():
        limit = op.get_bind().scalar(_LIMIT)
        op.get_bind().execute(_WAIT, {"limit": "0"})
        op.drop_index(name, table_name, if_exists=True, postgresql_concurrently=True)
        op.create_index(
            name,
            table_name,
            columns,
            unique=unique,
            postgresql_where=where,
            postgresql_concurrently=True,
        )
        op.get_bind().execute(_WAIT, {"limit": limit})


def stored(value: Any, kind: ListOf | WholeUnits[Any]) -> str:
    """Return a value as the `server_default` of a new column: a decimal, or the empty list.

    The rows that are there get it, and those of a release that does not know the column yet.
    """
    written = kind.bind_processor(op.get_bind().dialect)(value)
    return "{}" if written == [] else str(written)
