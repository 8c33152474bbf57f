"""Migrates a database to the schema of this code, one process at a time.

Alembic is imported only to migrate: the service itself only checks the database's revision.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg
from sqlalchemy import column, select, table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from app.core.exceptions import AppError
from app.shared.infrastructure.database.connection import Reads, Writable
from app.shared.infrastructure.database.diagnosis import diagnosed
from app.shared.infrastructure.database.revisions import (
    FOLDERS,
    MigratedByNewer,
    MigrationFailed,
    branch_of,
    heads,
    revisions,
    why_behind,
)
from app.shared.infrastructure.database.statement import Statement

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent / "migrations"
# Not Alembic's default, because another application in the database may use that.
VERSION_TABLE: Final = "alicerce_version"
_VERSION = Statement(select(column("version_num")).select_from(table(VERSION_TABLE)))

OF_THE_DATABASE: Final = (
    OSError,  # TimeoutError is an OSError
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
NO_RIGHTS: Final = (
    "This role may not read the tables; grant the rights that docs/deployment/README.md lists"
)
READ_ONLY: Final = (
    "The database accepts no writes: DATABASE_URL must name the primary, and "
    "default_transaction_read_only must be off there; a file must be writable, and after it was "
    "replaced the service must be restarted"
)


def alembic_config(url: URL | str) -> "Config":
    """Return Alembic's configuration for a database."""
    from alembic.config import Config  # noqa: PLC0415 - see above, as all below

    config = Config(stdout=sys.stdout)  # its own default is the one of its import
    # Its parser of options replaces what follows a `%`, which a folder's name may contain.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    folders = "\n".join(str(folder) for folder in FOLDERS.values() if folder.is_dir())
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", folders.replace("%", "%%"))
    config.attributes["url"] = make_url(url)
    return config


def upgrade(url: URL | str, revision: str = "heads", *, anew: bool = False) -> None:
    """Migrate both branches up. If several processes try at once, one does it.

    With `anew` all our tables are dropped before. Raises MigrationFailed.
    """
    from alembic import command  # noqa: PLC0415

    _refuse_wrong_migrations()
    config = alembic_config(url)
    config.attributes["anew"] = anew
    with _explained(url, revision):
        command.upgrade(config, revision)


def downgrade(url: URL | str, revision: str) -> None:
    """Migrate down to `revision`."""
    from alembic import command  # noqa: PLC0415

    with _explained(url, revision):
        command.downgrade(alembic_config(url), revision)


def check(url: URL | str) -> None:
    """Raise MigrationFailed if the models and the migrations disagree."""
    from alembic import command  # noqa: PLC0415

    _refuse_wrong_migrations()
    with _explained(url):
        command.check(alembic_config(url))


def _refuse_wrong_migrations() -> None:
    from app.shared.infrastructure.database.migration_rules import problems  # noqa: PLC0415

    if found := problems():
        raise MigrationFailed("\n".join(found))


@contextmanager
def _explained(url: URL | str, asked: str = "heads") -> Iterator[None]:
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        yield
    except CommandError as error:
        unknown = getattr(error.__cause__, "argument", None)  # of Alembic's ResolutionError
        raise (_of_unknown(unknown, asked) if unknown else MigrationFailed(str(error))) from error
    except OF_THE_DATABASE as error:
        seen, fix = diagnosed(error, make_url(url))
        message = f"The database could not be migrated: {seen}; fix: {fix}"
        raise MigrationFailed(message) from error


def _of_unknown(revision: str, asked: str) -> MigrationFailed:
    if revision == asked:
        there = ", ".join(revisions())
        return MigrationFailed(f"There is no revision {revision}; there are: {there}")
    if (branch := branch_of(revision)) is None:
        return MigrationFailed(str(why_behind([revision])))
    return MigratedByNewer(
        f"The database is at revision {revision}, which this code does not know: a newer release "
        "migrated it. Run that release, or go back with it: "
        f"python -m app migrate --down {heads().get(branch, f'{branch}@base')}"
    )


async def why_not_migrated(database: Reads) -> str | None:
    """Return why this code cannot use the database's tables, or None.

    A database of a later release is used as it is: see `why_behind`.
    """
    try:
        rows = await database.fetch_all(_VERSION, {})
    except AppError as error:
        return error.detail
    except Exception as error:  # noqa: BLE001 - whatever is said when there is no such table
        if getattr(error, "sqlstate", "") == "42501":
            return NO_RIGHTS
        rows = []
    if not rows:
        return "The database is empty; run: python -m app migrate"
    return why_behind([row["version_num"] for row in rows])


class Readiness:
    """Checks whether the database can serve this code."""

    def __init__(self, database: Writable) -> None:
        self._database = database

    async def why_not(self) -> str | None:
        """Return what is wrong, or None."""
        return await why_not_migrated(self._database) or await self._why_no_writes()

    async def is_ahead(self) -> bool:
        """Return whether a later release has migrated a usable database."""
        rows = await self._database.fetch_all(_VERSION, {})
        return any(row["version_num"] not in revisions() for row in rows)

    async def _why_no_writes(self) -> str | None:
        try:
            is_writable = await self._database.is_writable()
        except AppError as error:
            return error.detail
        return None if is_writable else READ_ONLY
