"""Creates an SQLite file, and sets up each connection to it."""

import math
import os
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry


class UnusableFile(OSError):
    """The file cannot be created; the message says how to mend it."""

    def __str__(self) -> str:
        return (
            f"{self.filename}: {self.strerror}; fix: let this user write to the folder of the "
            "database's file, or name another file in DATABASE_URL"
        )


def make_private(file: Path) -> None:
    """Create the file and its folder, if they are missing, for this user only.

    SQLite gives its other files (-wal, -shm) the same mode. Raises UnusableFile.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # An existing file is not opened, because closing it would end this process's locks on it.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600))
    except OSError as error:
        if not file.exists():
            raise UnusableFile(error.errno, error.strerror, str(file)) from None


class Deadline:
    """The end of a statement's time: SQLite has no limit of its own."""

    # Steps of SQLite's machine between two checks: most statements end before the first.
    STEPS: Final = 10_000
    _KEY: Final = "deadline"

    def __init__(self) -> None:
        self._at = math.inf

    @classmethod
    def on(cls, connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        """Make the connection check its own deadline."""
        entry.info[cls._KEY] = deadline = cls()
        connection.set_progress_handler(deadline.is_over, cls.STEPS)

    @classmethod
    def set(cls, connection: Connection, seconds: float) -> None:
        """Limit the time of what the connection runs from now on, in total."""
        connection.info[cls._KEY]._at = time.monotonic() + seconds  # noqa: SLF001 - our own

    def is_over(self) -> bool:
        return time.monotonic() > self._at


def prepare_sqlite(engine: Engine, timeout: float, *, foreign_keys: bool = True) -> None:
    """Set up each new connection: durable, concurrent, and with real transactions."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")  # for other processes
        _write_ahead(cursor, timeout)  # readers and the writer do not wait for each other
        cursor.execute("PRAGMA synchronous = FULL")  # a commit survives a power failure
        cursor.execute(f"PRAGMA foreign_keys = {foreign_keys:d}")
        cursor.close()
        Deadline.on(connection, entry)
        # SQLite's own lower() knows only ASCII, and searches ignore case.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            # A transaction that starts as a reader and then writes can fail half-way.
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _write_ahead(cursor: Any, timeout: float) -> None:
    """Switch the file to a write-ahead log, if that is not done yet.

    If two processes open a new file at once, one is refused, whatever the busy_timeout: it may hold
    what the other waits for. So it releases its lock and tries again.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
