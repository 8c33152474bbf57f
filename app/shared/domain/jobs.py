"""Jobs: work for later, enqueued in the transaction of the change that needs it."""

import datetime as dt
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, Literal, Protocol, TypedDict, TypeVar, Unpack
from uuid import UUID

from app.core.exceptions import Invalid
from app.core.run_limits import Priority

Result = TypeVar("Result")
OnWaiting = Literal["keep", "replace", "postpone"]


@dataclass(frozen=True, slots=True)
class Job(Generic[Result]):
    """The arguments of a job; `Result` is what its handler returns, or None.

        @dataclass(frozen=True, slots=True)
        class SendReport(Job[ReportSent]):
            type: ClassVar = "report.send"

            report_id: UUID

    `type` is its stable name and never changes. `schema_version` grows when the fields change
    their shape. Exactly one handler, marked with `@job(SendReport)`, runs it.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class JobRef(Generic[Result]):
    """Which job was enqueued. An answer with it and status 202 says where to look for it."""

    id: UUID


class Cancellation(StrEnum):
    """The result of a cancellation."""

    CANCELLED = "cancelled"
    """The job was waiting and will never run."""
    WILL_STOP = "will_stop"
    """The job is running. It will not run again; its effect is undone unless it ends first."""
    TOO_LATE = "too_late"
    """There is nothing to cancel: the job has ended or never existed."""


class InvalidJob(Invalid):
    """A job can't be enqueued with these arguments or terms."""

    code = "invalid_job"
    message = "The job can't be enqueued with these values; see errors."

    def __init__(self, term: str = "job", rule: str = "invalid") -> None:
        super().__init__(term, rule)
        self.args = (f"{term}: {rule}",)


class CommonTerms(TypedDict, total=False):
    """The terms that many jobs may have in common; `JobQueue.enqueue` explains them."""

    delay: dt.timedelta | None
    due_at: dt.datetime | None
    priority: Priority | None
    expires_at: dt.datetime | None


class JobBatch(Protocol):
    """Collects the jobs of a batch inside its `async with` block."""

    async def enqueue_many(
        self, jobs: Iterable[Job[Any]], /, **terms: Unpack[CommonTerms]
    ) -> list[JobRef[Any]]:
        """Enqueue as `JobQueue.enqueue_many` does, but write the jobs at the end of the block.

        Raises TypeError outside the block.
        """
        ...


class JobQueue(Protocol):
    """Enqueues jobs in the transaction of its unit of work; a rollback removes them.

    Raises InvalidJob for arguments that JSON can't hold and for invalid terms. Raises TypeError
    for a job without a handler. In both cases the call enqueues nothing.
    """

    async def enqueue(
        self,
        job: Job[Result],
        /,
        *,
        delay: dt.timedelta | None = None,
        due_at: dt.datetime | None = None,
        key: str | None = None,
        on_waiting: OnWaiting = "keep",
        once: str | None = None,
        order_by: UUID | int | str | None = None,
        priority: Priority | None = None,
        expires_at: dt.datetime | None = None,
    ) -> JobRef[Result]:
        """Enqueue a job that runs soon, after a delay, or at a moment.

        `key`: only one job of this type with this key waits. If one waits already, `keep` does not
        change it, and `replace` gives it the new arguments. `postpone` gives it the new arguments
        and the new time. In each case a run begins after this commit.
        `once`: the job is enqueued at most once, while the event log still contains it.
        `order_by`: jobs of this type with the same value run one after another, in the order of
        their commits. It can't be combined with a delay, which would stop later jobs.
        `priority`: replaces the handler's priority.
        `expires_at`: no attempt begins after this moment; the job is cancelled instead.
        """
        ...

    async def enqueue_many(
        self, jobs: Iterable[Job[Any]], /, **terms: Unpack[CommonTerms]
    ) -> list[JobRef[Any]]:
        """Enqueue many jobs with the same terms; return their references in the same order."""
        ...

    def batch(
        self,
        *,
        then: Job[Any] | None = None,
        catch: Job[Any] | None = None,
        finally_: Job[Any] | None = None,
    ) -> AbstractAsyncContextManager[JobBatch]:
        """Enqueue jobs that belong together, and when they end, each callback job once.

            async with uow.jobs.batch(then=Notify(user_id), catch=Alert(user_id)) as batch:
                await batch.enqueue_many(jobs)
            await uow.commit()

        `then`: when all are done. `catch`: when the first is dead, discarded or cancelled. Then
        `then` is never enqueued, even if that job is done later. `finally_`: when each job is
        done, dead, discarded or cancelled. Raises InvalidJob at the end of the block if the batch
        has no job, and at once without a callback. An error in the block enqueues nothing.
        """
        ...

    async def cancel(self, kind: type[Job[Any]], /, *, key: str) -> Cancellation:
        """Cancel the waiting job and the running job of a type with this key."""
        ...

    async def cancel_one(self, ref: JobRef[Any], /) -> Cancellation:
        """Cancel one job."""
        ...
