"""The unit of work: one use case, one transaction, everything or nothing."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self


class UnitOfWork(Protocol):
    """Opened with `async with`; what was not committed at its end never happened.

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

    async def commit(self) -> None:
        """Make the changes and their events durable. Raises if they are not."""
        ...

    def after_commit(self, call: Callable[[], object], /) -> None:
        """Have a function called when the changes are durable, and never if they are not.

        It is called at most once: not if the process ends in between, and an error in it is only
        logged. What must not be lost is an event with a handler. Function or coroutine function;
        it is awaited before the answer is sent, so it should be short.
        """
        ...
