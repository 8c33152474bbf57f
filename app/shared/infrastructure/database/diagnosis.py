"""Explains why a database cannot be used, and how to mend it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from app.core.exceptions import AppError
from app.shared.infrastructure.database.postgres_diagnosis import Trouble, of_server
from app.shared.infrastructure.database.postgres_errors import forget_values


def diagnosed(error: BaseException, url: URL) -> Trouble:
    """Return what an error of a database's driver means for the person who configured the URL."""
    error = _of_the_driver(error)
    known = _of_file(error, url) if url.get_backend_name() == "sqlite" else of_server(error, url)
    return known or _unknown(error)


def _of_the_driver(error: BaseException) -> BaseException:
    """Return the driver's error: we wrap it, and so does SQLAlchemy."""
    while (within := _within(error)) is not None and within is not error:
        error = within
    return error


def _within(error: BaseException) -> BaseException | None:
    if isinstance(error, DBAPIError):
        return error.orig
    # SQLAlchemy's own copy of an asyncpg error has the original as its cause.
    is_copy = isinstance(error.__cause__, asyncpg.PostgresError)
    return error.__cause__ if is_copy or isinstance(error, AppError) else None


_FILE_ERRORS: Final = {
    "SQLITE_BUSY": Trouble(
        "another process has locked it", "end that process, such as a backup that hangs"
    ),
    "SQLITE_CANTOPEN": Trouble(
        "it can't be opened",
        "check that DATABASE_URL names a file, and that this user may write to its folder",
    ),
    "SQLITE_CORRUPT": Trouble("it is damaged", "stop the service and restore a backup"),
    "SQLITE_FULL": Trouble("its disk is full", "free some space"),
    "SQLITE_IOERR": Trouble(
        "its disk fails", "look into the system's log, and prepare to restore a backup"
    ),
    "SQLITE_NOTADB": Trouble("it is not an SQLite database", "name another file in DATABASE_URL"),
    "SQLITE_READONLY": Trouble("it is read-only", "let this user write to the file and its folder"),
}


def why_damaged(url: URL) -> Trouble | None:
    """Check the whole file of an SQLite database: most statements never read the damaged page.

    Raises what the driver raises.
    """
    file = Path(url.database or "").absolute()
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    trouble = _FILE_ERRORS["SQLITE_CORRUPT"]
    return None if found == "ok" else trouble._replace(seen=f"{url.database}: {trouble.seen}")


def _of_file(error: BaseException, url: URL) -> Trouble | None:
    name = str(getattr(error, "sqlite_errorname", ""))
    for code, trouble in _FILE_ERRORS.items():
        if name.startswith(code):
            return trouble._replace(seen=f"{url.database}: {trouble.seen}")
    if isinstance(error, OSError):  # its folder cannot be created
        seen = f"{url.database}: {error.strerror}"
        return _FILE_ERRORS["SQLITE_CANTOPEN"]._replace(seen=seen)
    return None


def _unknown(error: BaseException) -> Trouble:
    """Return the error's own text, without the parts that quote a row."""
    if isinstance(error, asyncpg.PostgresError):
        forget_values(error)
    said = str(error.args[0]) if error.args else ""
    state = getattr(error, "sqlstate", None)
    kind = type(error).__name__ + (f" {state}" if state else "")
    return Trouble(f"{kind}: {said}".removesuffix(": "), "look into the server's log")
