"""Restores a backup: refused early, proven before the swap, and compared with the old database."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Executable
from sqlalchemy.engine import URL, Connection

from app.shared.infrastructure.backup.contents import has_other_event, read_contents
from app.shared.infrastructure.backup.losses import Losses, losses
from app.shared.infrastructure.backup.manifest import BackupFailed, Manifest
from app.shared.infrastructure.backup.places import Place
from app.shared.infrastructure.backup.proof import Finding, compare, proven
from app.shared.infrastructure.database.long_work import on_database
from app.shared.infrastructure.database.migrate import OF_THE_DATABASE, upgrade
from app.shared.infrastructure.database.revisions import OLDER, revisions, why_behind

# The live database may be damaged: that is why somebody restores.
_UNREADABLE: Final = (*OF_THE_DATABASE, sqlite3.Error)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore."""

    findings: Sequence[Finding]
    has_kept: bool
    losses: Losses | None
    """None if there was no old database, or it could not be read."""


def refuse_unfit(manifest: Manifest, place: Place, *, service: str) -> None:
    """Raise BackupFailed if the backup is of something else, or too new for this code."""
    kind = place.live.get_backend_name()
    if manifest.kind != kind:
        raise BackupFailed(f"The backup is of {manifest.kind}, and DATABASE_URL names {kind}.")
    if manifest.service != service:
        raise BackupFailed(
            f"The backup is of the service {manifest.service}, and APP_NAME is {service}."
        )
    if unknown := sorted(set(manifest.contents.revisions) - revisions().keys()):
        raise BackupFailed(
            f"The backup is at revision {', '.join(unknown)}, which this code does not know: "
            f"restore it with the release that wrote it, {manifest.version}, or a newer one."
        )
    with suppress(*_UNREADABLE):
        last = manifest.contents.last_event
        if place.has_live() and on_database(place.live, partial(has_other_event, last=last)):
            raise BackupFailed(
                f"The backup is of another database: event {last and last.seq} is another one in "
                "the live database. To restore it anyway, name a new database in DATABASE_URL."
            )


@contextmanager
def beside(place: Place, backup: Path, manifest: Manifest) -> Iterator[list[Finding]]:
    """Restore into the new database, which exists during the block; yield what was found."""
    try:
        place.restore(backup, manifest)
        yield _checked(place.new, manifest)
    finally:
        place.drop()


def _checked(new: URL, manifest: Manifest) -> list[Finding]:
    if why_behind(manifest.contents.revisions) != OLDER:
        return on_database(new, partial(proven, manifest=manifest), isolation="REPEATABLE READ")
    # An older release wrote it: what it holds is compared before its tables are changed.
    as_it_was = compare(on_database(new, read_contents, isolation="REPEATABLE READ"), manifest)
    if as_it_was.wrong:
        return [as_it_was]
    upgrade(new)
    return [as_it_was, *on_database(new, proven, isolation="REPEATABLE READ")]


def restore(
    place: Place,
    backup: Path,
    manifest: Manifest,
    *,
    after: Sequence[Executable],
    ends_connections: bool,
) -> Restored:
    """Replace the live database. `after` are statements for the restored one, before the swap.

    Raises BackupFailed; then the live database is unchanged.
    """
    has_kept = place.has_live()
    if has_kept and not ends_connections:
        place.refuse_users()
    with beside(place, backup, manifest) as findings:
        if any(finding.wrong for finding in findings):
            return Restored(findings, has_kept=False, losses=None)
        on_database(place.new, _doing(after))
        place.swap(ends_connections=ends_connections and has_kept)
    found: Losses | None = None
    if has_kept:
        with suppress(*_UNREADABLE):
            found = losses(old=place.kept, restored=place.live, since=manifest.taken_at)
    return Restored(findings, has_kept, found)


def _doing(statements: Sequence[Executable]) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)
        connection.commit()

    return work
