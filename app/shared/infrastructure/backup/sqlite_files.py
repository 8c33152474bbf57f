"""Takes and restores backups of an SQLite file, also while the service uses the file."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

from app.shared.infrastructure.backup.contents import read_contents
from app.shared.infrastructure.backup.manifest import (
    BackupFailed,
    Manifest,
    digest,
    written_aside,
)
from app.shared.infrastructure.backup.postgres_backup import refuse_empty
from app.shared.infrastructure.database.long_work import on_database

_OTHERS = ("-wal", "-shm")


def back_up(url: URL, file: Path, *, service: str, version: str) -> Manifest:
    """Write a copy, and return its manifest. Raises BackupFailed."""
    with written_aside(file) as part:
        copy_database(Path(url.database or ""), part)
        taken_at = dt.datetime.now(dt.UTC)
        # What the copy holds is of one moment, while the service goes on writing.
        contents = on_database(url.set(database=str(part)), read_contents)
        refuse_empty(contents, url)
        _make_one_file(part)
        sha256, size = digest(part), part.stat().st_size
    return Manifest(
        service=service,
        version=version,
        kind="sqlite",
        database=Path(url.database or "").name,
        taken_at=taken_at,
        contents=contents,
        sha256=sha256,
        size=size,
    )


def copy_database(file: Path, copy: Path) -> None:
    """Copy a database as it is at one moment, into a file that exists. Raises BackupFailed."""
    if not file.is_file():
        raise BackupFailed(f"There is no database {file}. Check DATABASE_URL.")
    with (
        closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)


@contextmanager
def in_use_by_nobody_else(file: Path) -> Iterator[None]:
    """Keep others out of a database during the block. Raises BackupFailed if somebody uses it.

    Its write-ahead log is empty and gone then: it must not come beside another file.
    """
    if not file.exists():
        yield
        return
    with closing(sqlite3.connect(file, isolation_level=None, timeout=1)) as connection:
        try:
            # Every process that uses the file prevents this change, also while it is idle.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise BackupFailed(
                    f"{file} is in use. Stop the service; nothing was changed."
                ) from None
            raise
        except sqlite3.DatabaseError:  # it is damaged, which is why it is replaced
            pass
        yield


def swap(new: Path, live: Path, kept: Path) -> None:
    """Give the new file the name, and the old one another. There always is one of the name."""
    _make_one_file(new)
    if live.exists():
        kept.hardlink_to(live)
        for part in _OTHERS:
            if (beside := Path(f"{live}{part}")).exists():
                beside.rename(f"{kept}{part}")
    new.replace(live)


def _make_one_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
