"""Handlers of jobs: each runs the jobs of one type.

@job(SendReport, max_attempts=5, timeout=120.0)
class SendReportHandler:
    async def __call__(self, args: SendReport, run: Run[ReportUnitOfWork]) -> ReportSent: ...
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from app.core.events import PublishedEvent, Subscription, marked_with
from app.core.run_limits import LARGEST_BATCH, Everywhere, Priority

H = TypeVar("H")
Unit = TypeVar("Unit", covariant=True)


class Run(Protocol[Unit]):
    """One run of a job, as its handler sees it."""

    @property
    def uow(self) -> Unit:
        """The unit of work in the transaction of the run; None if not transactional."""
        ...

    @property
    def key(self) -> str:
        """By which a receiver outside can tell a repetition: the same for each attempt."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first attempt. It begins again at 1 after `Continue`."""
        ...

    @property
    def cursor(self) -> Any:
        """What the last `Continue` said; None at the beginning."""
        ...

    async def progress(self, done: int, total: int | None = None) -> None:
        """Show how far it is. In a transaction others see it when that is committed.

        So a long transactional job shows its progress with each `Continue`, and one that is not
        transactional shows it at once. Raises ValueError for numbers that make no sense.
        """
        ...

    async def is_cancelled(self) -> bool:
        """Tell whether somebody cancelled the job: what it does in the database will be undone."""
        ...


def job(
    kind: type[PublishedEvent],
    *,
    max_attempts: int = 10,
    timeout: float = 30.0,
    transactional: bool = True,
    priority: Priority = "normal",
    queue: str | None = None,
    concurrency: int | Everywhere | None = None,
    rate: str | None = None,
    batch: int = LARGEST_BATCH,
) -> Callable[[type[H]], type[H]]:
    """Have a handler run the jobs of a type. There is one for each type, with the type's name.

    The handler is called with the job and a `Run`. It returns the job's result, which is kept as
    long as the delivery. What a transactional handler writes by `run.uow` is committed with the
    result: exactly once. `transactional=False` is for slow and external work: at least once, with
    `run.key` for the receiver. `timeout` is in seconds; the limits are those of `subscribe`.
    """
    return marked_with(
        Subscription(
            events=(),
            id=kind.type,
            on_dead="block",
            max_attempts=max_attempts,
            timeout=timeout,
            transactional=transactional,
            priority=priority,
            queue=queue,
            concurrency=concurrency,
            rate=rate,
            batch=batch,
            job=kind,
        )
    )
