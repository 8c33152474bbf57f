"""Handlers of jobs: each handler runs the jobs of one type.

@job(SendReport, max_attempts=5, timeout=120.0)
class SendReportHandler:
    async def __call__(self, args: SendReport, run: Run[ReportUnitOfWork]) -> ReportSent: ...
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, Unpack

from app.core.events import HandlerOptions, PublishedEvent, Subscription, marked_with

H = TypeVar("H")
Unit = TypeVar("Unit", covariant=True)


class Run(Protocol[Unit]):
    """One run of a job, as its handler sees it."""

    @property
    def uow(self) -> Unit:
        """The unit of work in the run's transaction; None if the handler is not transactional."""
        ...

    @property
    def key(self) -> str:
        """The same for each attempt, so that a receiver outside can recognise a repetition."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first attempt, and 1 again after `Continue`."""
        ...

    @property
    def cursor(self) -> Any:
        """The cursor of the last `Continue`; None at the beginning."""
        ...

    async def progress(self, done: int, total: int | None = None) -> None:
        """Store how far the job is. Others see it when the run's transaction commits.

        So a long transactional job shows its progress with each `Continue`. A job that is not
        transactional shows it at once. Raises ValueError for invalid numbers.
        """
        ...

    async def is_cancelled(self) -> bool:
        """Return whether the job was cancelled. If so, its changes in the database are undone."""
        ...


def job(
    kind: type[PublishedEvent], **options: Unpack[HandlerOptions]
) -> Callable[[type[H]], type[H]]:
    """Call a handler for the jobs of one type. Each type has one handler, with the type's name.

    The handler gets the job and a `Run`. It returns the job's result, which is kept as long as the
    delivery. The engine commits the writes of `run.uow` together with the result: exactly once.
    `transactional=False` is for slow and external work: at least once, with `run.key` for the
    receiver. `timeout` is in seconds; `subscribe` explains the limits.
    """
    return marked_with(Subscription(events=(), id=kind.type, on_dead="block", job=kind, **options))
