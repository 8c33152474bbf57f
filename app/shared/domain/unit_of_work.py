"""The unit of work: one transaction of a use case, committed as a whole or not at all."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from app.shared.domain.jobs import JobQueue


class UnitOfWork(Protocol):
    """Used with `async with`, whose end rolls back changes that were not committed.

    A module extends it with its repositories:

        class InvoiceUnitOfWork(UnitOfWork, Protocol):
            invoices: InvoiceRepository
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    @property
    def jobs(self) -> JobQueue:
        """Enqueues jobs, which are committed with the changes."""
        ...

    async def commit(self) -> None:
        """Commit the changes, their events and jobs. Raises if that fails."""
        ...

    def after_commit(self, call: Callable[[], object], /) -> None:
        """Call a function after a successful commit, and only then.

        It is called at most once: a process that ends after the commit never calls it. An error in
        it is only logged. Work that must not be lost belongs in an event handler. The function may
        be a coroutine function. It runs before the answer is sent, so it should be short.
        """
        ...
