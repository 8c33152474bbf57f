"""Operations of migrations that Alembic's own need some care for."""

from collections.abc import Sequence
from typing import Final

from alembic import op
from sqlalchemy import TextClause, text

_WAIT: Final = text("SELECT set_config('lock_timeout', :limit, false)")
_LIMIT: Final = text("SELECT current_setting('lock_timeout')")


def create_index_concurrently(
    name: str,
    table_name: str,
    columns: Sequence[str],
    *,
    unique: bool = False,
    where: TextClause | None = None,
) -> None:
    """Make an index of a table that has many rows, while others go on writing them.

    PostgreSQL does it outside any transaction, so let nothing else be in that migration. It waits
    for all that write when it begins, and leaves an index that can't be used if it fails: that is
    dropped when the migration is run again. SQLite has one writer anyway, and makes it at once.
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
