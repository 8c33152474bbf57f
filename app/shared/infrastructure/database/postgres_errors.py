"""What the driver of PostgreSQL raises, as the layers above know it, and without values of rows."""

import re
from typing import Final

import asyncpg

from app.shared.infrastructure.database.connection import DatabaseUnavailable, IntegrityViolation

# What the driver raises when the server is away, restarting, full, or too slow to answer.
AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InternalClientError,  # a server that crashed said so, and has not hung up yet
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,  # its disk fails
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionRollbackError,  # it lost a deadlock; the next time it will not
    asyncpg.ReadOnlySQLTransactionError,  # a standby, or a primary of before
    asyncpg.InvalidCachedStatementError,  # migrations follow one another
)
# Of these, those after which a read may simply be sent again, on another connection.
LOST: Final = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
# A migration changed the type of a column that a statement of this connection had seen before.
OUTDATED: Final = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)

_VALUE_OF_ARGUMENT: Final = re.compile(r"(invalid input for query argument \$\d+).*", re.DOTALL)


class ConnectionLost(ConnectionError):
    """The connection is closed: the server, or what lies between, ended it."""


def translated(error: Exception) -> Exception:
    """Return the error as the layers above know it; what is a defect of ours stays as it is."""
    if isinstance(error, asyncpg.PostgresError):
        forget_values(error)
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return IntegrityViolation(error.constraint_name or "")
    return DatabaseUnavailable() if isinstance(error, AWAY) else error


def forget_values(error: asyncpg.PostgresError) -> None:
    """Take out of an error what is of a row: its text goes to logs, reports and deliveries.

    The server quotes rows in the details ("Failing row contains …", "Key (email)=(…)"), and in
    messages about data that it can't read (class 22); the driver quotes arguments.
    """
    error.detail = error.context = None
    if (error.sqlstate or "").startswith("22"):
        said = _VALUE_OF_ARGUMENT.match(str(error.args[0]))
        error.args = (said[1] if said else "a value does not suit its type",)
        error.__cause__ = error.__context__ = None
