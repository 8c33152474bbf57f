"""Why a database can't be used, in words, and how to mend it: for whoever sets the service up."""

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
    """Return what an error of a database's driver means for whoever wrote the address."""
    error = _of_the_driver(error)
    known = _of_file(error, url) if url.get_backend_name() == "sqlite" else of_server(error, url)
    return known or _unknown(error)


def _of_the_driver(error: BaseException) -> BaseException:
    """Return what the driver raised: we wrap it, and so does SQLAlchemy."""
    while (within := _within(error)) is not None and within is not error:
        error = within
    return error


def _within(error: BaseException) -> BaseException | None:
    if isinstance(error, DBAPIError):
        return error.orig
    # SQLAlchemy's own copy of an error of asyncpg has that one for its cause.
    is_copy = isinstance(error.__cause__, asyncpg.PostgresError)
    return error.__cause__ if is_copy or isinstance(error, AppError) else None


_FILE_ERRORS: Final = {
    "SQLITE_BUSY": Trouble(
        "another process has it for itself", "end that process, such as a backup that stands still"
    ),
    "SQLITE_CANTOPEN": Trouble(
        "it can't be opened",
        "see that DATABASE_URL names a file, and this user may write to its folder",
    ),
    "SQLITE_CORRUPT": Trouble("it is damaged", "put back a backup, and stop the service before"),
    "SQLITE_FULL": Trouble("its disk is full", "make room there"),
    "SQLITE_IOERR": Trouble("its disk fails", "look into the system's log; have a backup ready"),
    "SQLITE_NOTADB": Trouble("it is no SQLite database", "name another file in DATABASE_URL"),
    "SQLITE_READONLY": Trouble("it is read-only", "let this user write to the file and its folder"),
}


def why_damaged(url: URL) -> Trouble | None:
    """Look through all of a file of SQLite: most statements never meet the page that is damaged.

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
    if isinstance(error, OSError):  # its folder can't be made
        seen = f"{url.database}: {error.strerror}"
        return _FILE_ERRORS["SQLITE_CANTOPEN"]._replace(seen=seen)
    return None


def _unknown(error: BaseException) -> Trouble:
    """Return the error's own text, without what it quotes of a row."""
    if isinstance(error, asyncpg.PostgresError):
        forget_values(error)
    said = str(error.args[0]) if error.args else ""
    state = getattr(error, "sqlstate", None)
    kind = type(error).__name__ + (f" {state}" if state else "")
    return Trouble(f"{kind}: {said}".removesuffix(": "), "look into the server's log")
