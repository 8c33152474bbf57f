"""The interface of databases for repositories and readers."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.statement import Statement

if TYPE_CHECKING:
    from app.shared.infrastructure.database.orm import OrmSession

Row = Mapping[str, Any]


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or did not answer in time."""

    code = "database_unavailable"
    message = "The database does not answer right now; try again in a moment."


class SearchTooSlow(Unavailable):
    """A list took longer than its time limit. The database itself works."""

    code = "search_too_slow"
    message = "The search takes too long; narrow it, for example with another filter or a longer q."


class IntegrityViolation(Exception):
    """The database refused a write. `constraint` is the name of the violated constraint."""

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        super().__init__(f"constraint {constraint} violated")


class NothingCommitted(Exception):
    """An earlier part of the transaction was rolled back, so its commit is a rollback."""


class Reads(Protocol):
    """Runs statements that return rows."""

    async def fetch_one(self, statement: Statement, params: Mapping[str, Any], /) -> Row | None:
        """Return the first row, or None."""
        ...

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        """Return all rows."""
        ...


class Connection(Reads, Protocol):
    """A connection inside a transaction."""

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        """Run a write and return the number of changed rows. Raises IntegrityViolation."""
        ...

    async def execute_many(
        self, statement: Statement, params: Sequence[Mapping[str, Any]], /
    ) -> None:
        """Run a write once for each set of parameters. Raises IntegrityViolation."""
        ...

    def session(self) -> "OrmSession":
        """Return SQLAlchemy's ORM session in this transaction, always the same one.

        It raises errors as the other methods do. End it before the commit.
        """
        ...

    def forget_session(self) -> None:
        """Have `session` return another one: the last one has ended, and the transaction has not.

        Raises NothingCommitted if the session was rolled back.
        """
        ...

    async def commit(self) -> None:
        """Commit the transaction. Raises if that fails."""
        ...


class Writable(Reads, Protocol):
    """An object that knows whether the database accepts writes."""

    async def is_writable(self) -> bool:
        """Return whether the database accepts writes: a standby and a read-only file do not."""
        ...


class Database(Reads, Protocol):
    """A database. Its own reads run outside any transaction, each on any free connection.

    Every method raises DatabaseUnavailable within the configured time if it gets no answer.
    """

    async def open(self) -> None:
        """Prepare it.

        An unreachable database is no error: connections are made when they are needed.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        """Run a write that is a transaction by itself, and return the number of changed rows.

        It saves the round trips of BEGIN and COMMIT. Raises IntegrityViolation.
        """
        ...

    async def execute_returning(
        self, statement: Statement, params: Mapping[str, Any], /
    ) -> Sequence[Row]:
        """Run such a write, and return its rows."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Begin a transaction; it is rolled back at the end unless it was committed."""
        ...
