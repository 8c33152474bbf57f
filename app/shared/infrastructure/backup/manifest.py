"""The manifest of a backup: what the database held at that moment. It lies beside the backup."""

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

FORMAT: Final = 1


class BackupFailed(Exception):
    """No backup was taken, or nothing was restored; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class TableContents:
    """The number of rows of a table, and its highest id if its ids are whole numbers."""

    rows: int
    highest: int | None = None


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The event with the highest number in the log. It recognises the database."""

    seq: int
    event_id: UUID
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds: the revisions of its schema, and its tables by their names."""

    revisions: list[str]
    tables: dict[str, TableContents]
    last_event: LastEvent | None

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


@dataclass(frozen=True, slots=True)
class Manifest:
    """Describes one backup; `contents` and the backup are of the same snapshot."""

    service: str
    """APP_NAME."""
    version: str
    kind: Literal["postgresql", "sqlite"]
    database: str
    taken_at: dt.datetime
    contents: Contents
    sha256: str
    size: int
    position: str | None = None
    """PostgreSQL's position in its write-ahead log. Everything before it is in the backup."""
    created_as: dict[str, Any] | None = None
    """How PostgreSQL's database was created: the row of `pg_database`, and who may connect."""
    format: int = FORMAT


_MANIFEST: Final = TypeAdapter(Manifest)


def manifest_of(backup: Path) -> Path:
    """Return the path of a backup's manifest."""
    return backup.with_name(f"{backup.name}.manifest.json")


def read_manifest(backup: Path) -> Manifest:
    """Return the manifest of a backup that is whole. Raises BackupFailed."""
    file = manifest_of(backup)
    if not backup.is_file():
        raise BackupFailed(f"{backup} is no file; name a backup that `python -m app backup` wrote.")
    try:
        manifest = _MANIFEST.validate_json(file.read_bytes())
    except FileNotFoundError:
        raise BackupFailed(
            f"{file} is missing: the backup did not end, or its manifest was not copied with it."
        ) from None
    except ValidationError:
        raise BackupFailed(f"{file} is no manifest that this release can read.") from None
    if manifest.format != FORMAT:
        raise BackupFailed(f"{file} has the format {manifest.format}; this release reads {FORMAT}.")
    size = backup.stat().st_size
    if size != manifest.size:
        raise BackupFailed(
            f"{backup} has {size} bytes, and its manifest says {manifest.size}: the backup was cut "
            "off, or the manifest is of another backup."
        )
    if digest(backup) != manifest.sha256:
        raise BackupFailed(
            f"{backup} is damaged, or the manifest is of another backup: the SHA-256 differs."
        )
    return manifest


def write_manifest(manifest: Manifest, backup: Path) -> None:
    text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    with written_aside(manifest_of(backup)) as part:
        part.write_bytes(text)


@contextmanager
def written_aside(file: Path) -> Iterator[Path]:
    """Yield a new file for this user only, which gets its name when it is whole and on the disk."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)  # of a run that was killed
    part.touch(mode=0o600, exist_ok=False)
    try:
        yield part
        _sync(part)
        part.rename(file)
        _sync(file.parent)
    finally:
        part.unlink(missing_ok=True)


def digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
