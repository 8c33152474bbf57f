"""Translates errors of PostgreSQL's driver, and removes values of rows from them."""

import re
from typing import Final

import asyncpg

from app.shared.infrastructure.database.connection import DatabaseUnavailable, IntegrityViolation

# The driver's errors if the server is unreachable, restarting, full, or too slow.
AWAY: Final = (
    OSError,
    TimeoutError,
    # a server that crashed has said so, and has not closed the connection yet
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,  # its disk fails
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionRollbackError,  # it lost a deadlock; the next attempt will succeed
    asyncpg.ReadOnlySQLTransactionError,  # a standby, or a former primary
    asyncpg.InvalidCachedStatementError,  # migrations follow one another
)
# Those after which a read may be sent again, on another connection.
LOST: Final = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
# A migration changed the type of a column that a statement of this connection had used.
OUTDATED: Final = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)

_VALUE_OF_ARGUMENT: Final = re.compile(r"(invalid input for query argument \$\d+).*", re.DOTALL)


class ConnectionLost(ConnectionError):
    """The connection is closed: the server or the network ended it."""


def translated(error: Exception) -> Exception:
    """Return our error for the driver's; a defect of ours stays as it is."""
    if isinstance(error, asyncpg.PostgresError):
        forget_values(error)
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return IntegrityViolation(error.constraint_name or "")
    return DatabaseUnavailable() if isinstance(error, AWAY) else error


def forget_values(error: asyncpg.PostgresError) -> None:
    """Remove the row from an error: its text goes to logs, reports and deliveries.

    The server quotes rows in the details ("Failing row contains …", "Key (email)=(…)"), and in
    messages about invalid data (class 22); the driver quotes arguments.
    """
    error.detail = error.context = None
    if (error.sqlstate or "").startswith("22"):
        said = _VALUE_OF_ARGUMENT.match(str(error.args[0]))
        error.args = (said[1] if said else "a value does not match its type",)
        error.__cause__ = error.__context__ = None
