"""Following jobs that were enqueued, and cancelling them."""

from typing import Protocol
from uuid import UUID

from app.core.exceptions import Conflict, NotFound
from app.shared.application.dto.jobs import JobView


class JobNotFound(NotFound):
    """It never existed, or another user enqueued it, or it ended and was deleted."""

    code = "job_not_found"
    message = "There is no such job."


class JobEnded(Conflict):
    """What has had its effect can't be cancelled."""

    code = "job_ended"
    message = "The job has ended already."


class JobTracking(Protocol):
    """Looks at single jobs. With `actor_id` only those exist that this user enqueued."""

    async def find(self, job_id: UUID, /, *, actor_id: UUID | None = None) -> JobView:
        """Return a job. Raises JobNotFound."""
        ...

    async def cancel(self, job_id: UUID, /, *, actor_id: UUID | None = None) -> JobView:
        """Cancel a job that waits or runs. Raises JobNotFound and JobEnded."""
        ...

    async def delivery_of(self, job_id: UUID, /) -> int:
        """Return the number of its delivery, by which it is administered. Raises JobNotFound."""
        ...
