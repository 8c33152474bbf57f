"""`python -m app migrate`, `migration` and `reset`: the tables of the database."""

import sys
from typing import Annotated

import typer
from sqlalchemy.engine import URL

from app.container import ApplicationContainer
from app.shared.infrastructure.database.migrate import check, downgrade, upgrade
from app.shared.infrastructure.database.revisions import (
    APP,
    BASE,
    MigratedByNewer,
    shown,
)

schema = typer.Typer()


@schema.command()
def migrate(
    *,
    only_check: Annotated[
        bool, typer.Option("--check", help="Only check whether models and migrations agree.")
    ] = False,
    down: Annotated[
        str | None, typer.Option(help="Go back to this revision (`base` is before the first).")
    ] = None,
    or_newer: Annotated[
        bool,
        typer.Option("--or-newer", help="Succeed too if a newer release has migrated it already."),
    ] = False,
) -> None:
    """Migrate the database to the schema of this code."""
    url = ApplicationContainer.load_settings().owners_database
    if only_check:
        check(url)
    elif down is not None:
        downgrade(url, down)
        typer.echo(f"The database is at {down}.")
    else:
        _up(url, or_newer=or_newer)


def _up(url: URL, *, or_newer: bool) -> None:
    try:
        upgrade(url)
    except MigratedByNewer:
        if not or_newer:
            raise
        typer.echo("A newer release has migrated the database; nothing was changed.")
    else:
        typer.echo("The database is up to date.")


@schema.command()
def migration(
    what: Annotated[str, typer.Argument(help="What the migration does, in a few words.")],
    *,
    of_base: Annotated[
        bool,
        typer.Option("--base", help="For the tables of the base, not of the project's modules."),
    ] = False,
) -> None:
    """Write the next migration: what the models have and the migrations do not."""
    from app.shared.infrastructure.database.new_migration import (  # noqa: PLC0415 - has Alembic
        write_migration,
    )

    typer.echo(f"{shown(write_migration(what, BASE if of_base else APP))} is written; review it.")


@schema.command()
def reset(
    *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False
) -> None:
    """Drop all tables of a developer's database, with their data, and create them again."""
    settings = ApplicationContainer.load_settings()
    shown_url = settings.owners_database.render_as_string(hide_password=True)
    if settings.is_production:
        sys.exit("APP_ENV is production, where reset is not allowed; nothing was changed.")
    if settings.has_remote_database:
        sys.exit(
            f"{shown_url} is on another machine, where others may use it; nothing was changed. "
            "Reset a database of this machine: DATABASE_URL names it."
        )
    if not yes:
        typer.confirm(f"All data in {shown_url} will be lost. Continue?", abort=True)
    upgrade(settings.owners_database, anew=True)
    typer.echo("The database was created again and is empty.")
