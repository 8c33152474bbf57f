"""Alembic's connection to the database: one migration at a time, without blocking the service.

Each migration has its own transaction, which stays committed if a later one fails.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError
from sqlalchemy import Column, Index, MetaData, UniqueConstraint, create_engine, inspect, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.schema import SchemaItem

from app.shared.infrastructure.database.column_types import ListOf, WholeUnits
from app.shared.infrastructure.database.long_work import server_engine
from app.shared.infrastructure.database.migrate import VERSION_TABLE
from app.shared.infrastructure.database.migration_rules import tables
from app.shared.infrastructure.database.models import Json, Timestamp, metadata
from app.shared.infrastructure.database.sqlite_setup import make_private, prepare_sqlite
from app.shared.infrastructure.database.suitability import why_unsuitable

# A lock number that nothing else on the server uses: it means "migrating this service".
LOCK: Final = 7_461_015_526_834_401
LOCK_WAIT_SECONDS: Final = 60
# While a migration waits for a long reader, all others wait behind it. So it gives up soon, lets
# them continue, and tries again: before requests have waited for so long that they are refused.
TABLE_LOCK: Final = "400ms"
ATTEMPTS: Final = 60
STILL_RUNNING: Final = "another migration is still running; try again when it is done"


def main() -> None:
    url = context.config.attributes["url"]
    if url.get_backend_name() == "sqlite":
        _migrate_sqlite(url)
    else:
        asyncio.run(_migrate_postgres(url))


def _migrate_sqlite(url: URL) -> None:
    file = Path(url.database or "")
    make_private(file)
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
    # To change a table SQLite creates a new one and drops the old one. With foreign keys on, that
    # would delete the rows that refer to it. They are checked at the end of each migration instead.
    prepare_sqlite(engine, timeout=LOCK_WAIT_SECONDS, foreign_keys=False)
    with _alone_in(file.parent), engine.connect() as connection:
        _run(connection)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock of the folder: closing the file itself would end SQLite's own locks on it."""
    number = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TimeoutError(STILL_RUNNING) from None
                time.sleep(0.1)
        yield
    finally:
        os.close(number)


async def _migrate_postgres(url: URL) -> None:
    async with server_engine(url) as engine:
        await _migrate_in_turn(engine)


async def _migrate_in_turn(engine: AsyncEngine) -> None:
    async with engine.connect() as guard:
        if unsuitable := await why_unsuitable(guard.scalar):
            raise CommandError(f"{unsuitable.seen}; {unsuitable.fix}")
        await guard.commit()
        await _lock(guard)
        for attempt in range(ATTEMPTS):
            try:
                async with engine.connect() as connection:
                    await connection.execute(text(f"SET lock_timeout = '{TABLE_LOCK}'"))
                    await connection.commit()
                    await connection.run_sync(_run)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", "") != "55P03" or attempt + 1 == ATTEMPTS:
                    raise
                await asyncio.sleep(1)
            else:
                return


async def _lock(guard: AsyncConnection) -> None:
    for _ in range(LOCK_WAIT_SECONDS * 10):
        if await guard.scalar(text(f"SELECT pg_try_advisory_lock({LOCK})")):
            await guard.commit()  # the session holds the lock; no transaction stays open
            return
        await guard.commit()
        await asyncio.sleep(0.1)
    raise TimeoutError(STILL_RUNNING)


def _run(connection: Connection) -> None:
    tables()
    _refuse_tables_of_others(connection)
    if context.config.attributes.get("anew"):
        _drop_ours(connection)
    connection.commit()  # a transaction around all of them would include both
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        include_object=_is_ours,
        compare_type=True,
        render_item=_render,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        transaction_per_migration=True,
        on_version_apply=_check_foreign_keys,  # type: ignore[arg-type]  # called by keywords
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()  # the version table, if there was nothing to migrate


def _refuse_tables_of_others(connection: Connection) -> None:
    """Raise if one of our tables exists before the first migration."""
    present = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in present and (taken := sorted(present & metadata.tables.keys())):
        message = (
            f"The database has tables of another application with our names ({', '.join(taken)}); "
            "nothing was changed. Give the service a database of its own"
        )
        raise CommandError(message)


def _drop_ours(connection: Connection) -> None:
    present = set(inspect(connection).get_table_names())
    ours = MetaData()
    ours.reflect(connection, only=sorted(present & {*metadata.tables, VERSION_TABLE}))
    ours.drop_all(connection)


def _check_foreign_keys(ctx: MigrationContext, step: MigrationInfo, **_: object) -> None:
    """Refuse a migration of SQLite that leaves a row whose foreign key has no target."""
    if ctx.connection is None or ctx.connection.dialect.name != "sqlite":
        return
    broken = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        table, _, parent, _ = broken[0]
        message = (
            f"{step.up_revision_id} leaves {len(broken)} rows that refer to rows which are gone, "
            f"such as those of {table} to {parent}; nothing of it was kept"
        )
        raise CommandError(message)


def _is_ours(
    item: SchemaItem,
    name: str | None,
    kind: str,
    is_in_database: bool,  # noqa: FBT001 - Alembic's signature
    counterpart: object,
) -> bool:
    """Ignore the tables that no model has, those of the other branch, and unused columns."""
    wanted = context.config.attributes.get("branch")
    if kind != "table" or name is None:
        return not (is_in_database and counterpart is None and _is_unused(item))
    if is_in_database and counterpart is None:
        return False
    return wanted in {None, tables().get(name)}


def _is_unused(item: SchemaItem) -> bool:
    """Return whether it is, or has, a column that its model names as one of earlier releases."""
    if not isinstance(item, Column | Index | UniqueConstraint) or item.table is None:
        return False
    columns = {item.name} if isinstance(item, Column) else {each.name for each in item.columns}
    model = metadata.tables.get(item.table.name)
    return model is not None and not columns.isdisjoint(model.info.get("unused", ()))


def _render(kind: str, item: object, autogenerating: AutogenContext) -> str | Literal[False]:
    """Write our column types by their names; `script.py.mako` imports the first two."""
    if kind == "type" and item is Timestamp:
        return "Timestamp"
    if kind == "type" and item is Json:
        return "Json"
    if isinstance(item, WholeUnits | ListOf):
        name = type(item).__name__
        autogenerating.imports.add(f"from {type(item).__module__} import {name}")
        if isinstance(item, ListOf):
            return f"ListOf({_render(kind, item.item, autogenerating) or f'sa.{item.item!r}'})"
        return repr(item)
    return False


main()
