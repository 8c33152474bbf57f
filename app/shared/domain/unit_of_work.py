"""The unit of work: one use case, one transaction, everything or nothing."""

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
