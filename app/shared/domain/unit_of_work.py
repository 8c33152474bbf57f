"""The unit of work: one use case, one transaction, everything or nothing."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from app.shared.domain.jobs import JobQueue


class UnitOfWork(Protocol):
    """Opened with `async with`; at its end, changes without a commit are rolled back.

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
        """Where jobs are enqueued, to be committed with the changes."""
        ...

    async def commit(self) -> None:
        """Commit the changes, their events and jobs. Raises if that fails."""
        ...

    def after_commit(self, call: Callable[[], object], /) -> None:
        """Call a function after a successful commit, and not otherwise.

        It is called at most once: not if the process ends in between, and an error in it is only
        logged. What must not be lost belongs into an event handler. The function may be a coroutine
        function. It runs before the answer is sent, so it should be short.
        """
        ...
