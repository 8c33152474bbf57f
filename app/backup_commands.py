"""`python -m app backup`, `restore` and `restore-check`."""

import datetime as dt
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.modules.user.infrastructure.sessions import AFTER_RESTORE
from app.shared import factories
from app.shared.infrastructure.backup import postgres_backup, sqlite_files
from app.shared.infrastructure.backup.losses import Losses
from app.shared.infrastructure.backup.manifest import (
    BackupFailed,
    Manifest,
    manifest_of,
    read_manifest,
    write_manifest,
)
from app.shared.infrastructure.backup.metrics import BACKUP_TAKEN, RESTORE_PROVEN, note_moment
from app.shared.infrastructure.backup.places import Place, place_for
from app.shared.infrastructure.backup.proof import Finding, proven
from app.shared.infrastructure.backup.restore import beside, refuse_unfit
from app.shared.infrastructure.backup.restore import restore as restore_into
from app.shared.infrastructure.database.diagnosis import diagnosed
from app.shared.infrastructure.database.long_work import on_database
from app.shared.infrastructure.database.migrate import OF_THE_DATABASE

backups = typer.Typer()

FAILURES: Final = (*OF_THE_DATABASE, sqlite3.Error)
Backup = Annotated[Path, typer.Argument(help="A backup; its manifest must lie beside it.")]


@backups.command()
def backup(
    to: Annotated[
        Path | None,
        typer.Argument(help="A new file, or an existing folder; DATA_DIR/backups if omitted."),
    ] = None,
) -> None:
    """Back up the database while the service runs, with a manifest beside the backup."""
    settings = ApplicationContainer.load_settings()
    file = _new_file(to, settings)
    url, made_by = settings.owners_database, {"service": settings.app_name}
    made_by["version"] = settings.version
    with _explained(settings):
        if url.get_backend_name() == "sqlite":
            manifest = sqlite_files.back_up(url, file, **made_by)
        else:
            tools = settings.postgres_tools
            manifest = postgres_backup.back_up(url, file, tools=tools, **made_by)
        write_manifest(manifest, file)
    _note(BACKUP_TAKEN, manifest.taken_at, settings)
    typer.echo(f"{file} holds {_described(manifest)}.")


@backups.command()
def restore(
    file: Backup,
    *,
    end_connections: Annotated[
        bool,
        typer.Option("--end-connections", help="End the connections of a service that runs."),
    ] = False,
) -> None:
    """Replace the database by a backup, after the restored one is proven. The old one is kept."""
    began, settings = time.monotonic(), ApplicationContainer.load_settings()
    with _explained(settings):
        manifest, place = _ready(file, settings)
        restored = restore_into(
            place, file, manifest, after=AFTER_RESTORE, ends_connections=end_connections
        )
    _show(restored.findings)
    _print_objectives(manifest, restored.losses, seconds=time.monotonic() - began)
    typer.echo(f"{place.live.database} holds {_described(manifest)}.")
    if restored.has_kept:
        typer.echo(f"The old one is {place.kept.database}. To go back, {place.way_back()}")
        for line in restored.losses.lines() if restored.losses else _UNREAD:
            typer.echo(line)
    typer.echo(
        "All sessions are ended, and links in emails are invalid: some were ended or used since."
    )
    _forget_messages(settings)


@backups.command()
def restore_check(
    file: Annotated[
        Path | None,
        typer.Argument(help="A backup; without it the database of DATABASE_URL is checked."),
    ] = None,
) -> None:
    """Prove that a backup can be restored, beside the database; or check the database itself."""
    began, settings = time.monotonic(), ApplicationContainer.load_settings()
    with _explained(settings):
        if file is None:
            _show(_checked(settings))
            return
        manifest, place = _ready(file, settings)
        with beside(place, file, manifest) as findings:
            _show(findings)
    _print_objectives(manifest, None, seconds=time.monotonic() - began)
    _note(RESTORE_PROVEN, dt.datetime.now(dt.UTC), settings)


def _new_file(to: Path | None, settings: Settings) -> Path:
    folder = settings.data_dir / "backups"
    if to is None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        to = folder
    if to.is_dir():
        to /= f"{settings.short_name}-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}.backup"
    if not to.parent.is_dir():
        raise BackupFailed(f"{to.parent} is no folder; create it, or name another.")
    if to.exists() or manifest_of(to).exists():
        raise BackupFailed(f"{to} exists, or its manifest; name another file.")
    return to


def _note(metric: str, moment: dt.datetime, settings: Settings) -> None:
    """Tell the monitoring, which cannot ask a command that has ended."""
    if settings.metrics_folder is None:
        return
    try:
        note_moment(settings.metrics_folder, metric, moment, service=settings.short_name)
    except OSError as error:
        sys.exit(f"It is done, but METRICS_FOLDER could not be written: {error}.")


def _ready(file: Path, settings: Settings) -> tuple[Manifest, Place]:
    manifest = read_manifest(file)
    now = dt.datetime.now(dt.UTC)
    place = place_for(settings.owners_database, now, tools=settings.postgres_tools)
    refuse_unfit(manifest, place, service=settings.app_name)
    return manifest, place


def _checked(settings: Settings) -> Sequence[Finding]:
    url = settings.owners_database
    if url.get_backend_name() == "postgresql":
        return on_database(url, proven, isolation="REPEATABLE READ")
    with TemporaryDirectory(dir=settings.data_dir) as folder:  # so that nobody waits for it
        copy = Path(folder) / "copy.db"
        sqlite_files.copy_database(Path(url.database or ""), copy)
        return on_database(url.set(database=str(copy)), proven)


def _show(findings: Sequence[Finding]) -> None:
    for finding in findings:
        typer.echo(str(finding))
    if any(finding.wrong for finding in findings):
        sys.exit("The database is not as it must be, so nothing was replaced.")


def _print_objectives(manifest: Manifest, lost: Losses | None, *, seconds: float) -> None:
    until = lost.newest if lost and lost.newest else dt.datetime.now(dt.UTC)
    point = max(until - manifest.taken_at, dt.timedelta())
    typer.echo(f"RPO {_span(point.total_seconds())}: what is newer than the backup is not in it.")
    typer.echo(f"RTO {_span(seconds)}: so long the restore and its checks took.")


_UNREAD: Final = ("It could not be read, so it is unknown what is lost.",)


def _forget_messages(settings: Settings) -> None:
    """Delete messages of deliveries that the restored database does not have, or has anew."""
    if (celery := factories.celery(settings)) is None:
        return
    from app.shared.infrastructure.events.delivery.celery.broker import (  # noqa: PLC0415 - slow to load
        forget_messages,
    )

    try:
        forget_messages(celery)
    except Exception as error:  # noqa: BLE001 - each broker has its own, and the restore is done
        sys.exit(
            f"The broker could not be emptied ({type(error).__name__}). Before a worker starts, "
            "delete the queues whose names begin with the service's, or empty its Redis database."
        )
    typer.echo("The broker's queues are empty; the relay sends what is due.")


def _described(manifest: Manifest) -> str:
    contents = manifest.contents
    tables = sum(1 for table in contents.tables.values() if table.rows)
    return (
        f"{contents.rows} rows in {tables} tables, as of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC"
        f" ({', '.join(contents.revisions)})"
    )


def _span(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    return str(dt.timedelta(seconds=round(seconds)))


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        seen, fix = diagnosed(error, settings.owners_database)
        raise BackupFailed(f"Nothing was replaced: {seen}; fix: {fix}") from error
