"""Translates errors of SQLite's driver."""

import re
import sqlite3
from typing import Final

from sqlalchemy import MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import (
    DatabaseError,
    IntegrityError,
    InvalidRequestError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.shared.infrastructure.database.connection import DatabaseUnavailable, IntegrityViolation
from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.statement import UnsuitableValue

_SQLITE_UNIQUE: Final = re.compile(r"UNIQUE constraint failed: (.+)")
_SQLITE_NAMED: Final = re.compile(
    r"(?:CHECK constraint failed: |UNIQUE constraint failed: index ')(\w+)"
)


def translated(error: Exception) -> Exception:
    """Return our error for the driver's; a defect of ours stays as it is."""
    if isinstance(error, IntegrityError) and isinstance(error.orig, Exception):
        return IntegrityViolation(constraint_name(str(error.orig), metadata))
    if isinstance(error, OperationalError | PoolTimeoutError):
        code = getattr(getattr(error, "orig", None), "sqlite_errorcode", sqlite3.SQLITE_BUSY)
        return error if code == sqlite3.SQLITE_ERROR else DatabaseUnavailable()
    if isinstance(error, DatabaseError) and _is_damaged(error):  # which is no OperationalError
        return DatabaseUnavailable()
    if type(error) is StatementError and not isinstance(error.orig, InvalidRequestError):
        return UnsuitableValue(error.orig)  # SQLAlchemy's text quotes it
    return error


def _is_damaged(error: DatabaseError) -> bool:
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_CORRUPT  # the rest of it says where


def is_out_of_time(error: OperationalError) -> bool:
    """Return whether the statement has used up its time."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def constraint_name(message: str, schema: MetaData) -> str:
    """Return the name of the violated constraint: SQLite usually names only its columns."""
    if named := _SQLITE_NAMED.search(message):
        return named[1]
    unique = _SQLITE_UNIQUE.search(message)
    if unique is None:
        return ""
    columns = [column.strip() for column in unique[1].split(",")]
    table = schema.tables.get(columns[0].partition(".")[0])
    if table is None:
        return ""
    names = {column.partition(".")[2] for column in columns}
    keys = [c for c in table.constraints if isinstance(c, UniqueConstraint | PrimaryKeyConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    return next(
        (str(rule.name) for rule in (*keys, *indexes) if {c.name for c in rule.columns} == names),
        "",
    )
