"""How Alembic reaches the database: under a lock, patient with others, never in their way."""

import asyncio
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.schema import SchemaItem

from app.shared.infrastructure.database.migrate import VERSION_TABLE
from app.shared.infrastructure.database.models import Json, Timestamp, metadata
from app.shared.infrastructure.database.postgres_address import connect_without_limits
from app.shared.infrastructure.database.sqlite_setup import make_private, prepare_sqlite
from app.shared.infrastructure.database.suitability import why_unsuitable

# Any number that nothing else on the server locks: it is the name of "migrating this service".
LOCK: Final = 7_461_015_526_834_401
LOCK_WAIT_SECONDS: Final = 60
# A migration that waits for a long reader makes everybody else wait behind it. So it gives up
# soon, lets them through, and tries again.
TABLE_LOCK_SECONDS: Final = 2
ATTEMPTS: Final = 30


def main() -> None:
    url = context.config.attributes.get("url") or _url_from_settings()
    if url.get_backend_name() == "sqlite":
        _migrate_sqlite(url)
    else:
        asyncio.run(_migrate_postgres(url))


def _migrate_sqlite(url: URL) -> None:
    make_private(Path(url.database or ""))
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
    prepare_sqlite(engine, timeout=LOCK_WAIT_SECONDS)
    with engine.begin() as connection:  # takes the one writer's lock
        _run(connection)


async def _migrate_postgres(url: URL) -> None:
    connect = partial(connect_without_limits, url, within=LOCK_WAIT_SECONDS)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        await _migrate_in_turn(engine)
    finally:
        await engine.dispose()


async def _migrate_in_turn(engine: AsyncEngine) -> None:
    async with engine.connect() as guard:
        if unsuitable := await why_unsuitable(guard.scalar):
            raise CommandError(f"{unsuitable.seen}; {unsuitable.fix}")
        await guard.commit()
        await _lock(guard)
        for attempt in range(ATTEMPTS):
            try:
                async with engine.begin() as connection:
                    await connection.execute(text(f"SET lock_timeout = '{TABLE_LOCK_SECONDS}s'"))
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
            await guard.commit()  # the lock is the session's; no transaction is left open
            return
        await guard.commit()
        await asyncio.sleep(0.1)
    message = "another migration is still running; try again when it is done"
    raise TimeoutError(message)


def _know_all_tables() -> None:
    """Import every module's tables: they register where they are defined."""
    for module in iter_modules(import_module("app.modules").__path__):
        import_module(f"app.modules.{module.name}.infrastructure.tables")


def _run(connection: Connection) -> None:
    _know_all_tables()
    _refuse_tables_of_others(connection)
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        include_object=_is_ours,
        compare_type=True,
        render_item=_render,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def _refuse_tables_of_others(connection: Connection) -> None:
    """Before the first migration, none of our tables can be there."""
    present = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in present and (taken := sorted(present & metadata.tables.keys())):
        message = (
            f"The database has tables of another application by our names ({', '.join(taken)}); "
            "nothing was changed. Give the service a database of its own"
        )
        raise CommandError(message)


def _is_ours(
    _item: SchemaItem,
    _name: str | None,
    kind: str,
    is_in_database: bool,  # noqa: FBT001 - Alembic's signature
    counterpart: object,
) -> bool:
    """Leave alone the tables that are in the database and in none of our models."""
    return not (kind == "table" and is_in_database and counterpart is None)


def _render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types by their names; `script.py.mako` imports them."""
    if kind == "type" and item is Timestamp:
        return "Timestamp"
    if kind == "type" and item is Json:
        return "Json"
    return False


def _url_from_settings() -> URL:
    from app.config.settings import load_settings  # noqa: PLC0415 - only for the alembic command

    return load_settings().owners_database


main()
