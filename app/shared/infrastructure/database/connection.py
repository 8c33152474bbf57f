"""What repositories and readers know of a database, whichever it is."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.statement import Statement

if TYPE_CHECKING:
    from app.shared.infrastructure.database.orm import OrmSession

Row = Mapping[str, Any]


class DatabaseUnavailable(Unavailable):
    """The database can't be reached, or did not answer in time."""

    code = "database_unavailable"
    message = "The database does not answer right now; try again in a moment."


class SearchTooSlow(Unavailable):
    """A list took longer than a list may: the database is well, and does not do it to the end."""

    code = "search_too_slow"
    message = "That takes too long to find; ask for less, such as with another filter or longer q."


class IntegrityViolation(Exception):
    """The database refused a write. `constraint` is the name of the rule that it broke."""

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        super().__init__(f"constraint {constraint} violated")


class NothingCommitted(Exception):
    """An earlier part of the transaction was rolled back, so its commit is a rollback."""


class Reads(Protocol):
    """Runs statements that answer rows."""

    async def fetch_one(self, statement: Statement, params: Mapping[str, Any], /) -> Row | None:
        """Return the first row, or None."""
        ...

    async def fetch_all(self, statement: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        """Return all rows."""
        ...


class Connection(Reads, Protocol):
    """A connection inside a transaction."""

    async def execute(self, statement: Statement, params: Mapping[str, Any], /) -> int:
        """Run a write and return how many rows it hit. Raises IntegrityViolation."""
        ...

    async def execute_many(
        self, statement: Statement, params: Sequence[Mapping[str, Any]], /
    ) -> None:
        """Run a write once for each set of parameters. Raises IntegrityViolation."""
        ...

    def session(self) -> "OrmSession":
        """Return SQLAlchemy's ORM session in this transaction, each time the same.

        It raises errors as the other methods do. Whoever commits ends it before.
        """
        ...

    async def commit(self) -> None:
        """End the transaction and keep its changes. Raises if they were not kept."""
        ...


class Writable(Reads, Protocol):
    """Says of itself whether it takes writes."""

    async def is_writable(self) -> bool:
        """Tell whether it takes writes: a standby does not, nor does a file that is read-only."""
        ...


class Database(Reads, Protocol):
    """A database. Its own reads run outside any transaction, each on whichever connection is free.

    Every method raises DatabaseUnavailable within the configured time if it gets no answer.
    """

    async def open(self) -> None:
        """Get ready. A database that is away is no error: connections are made when needed."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction; it is rolled back at the end unless it was committed."""
        ...
