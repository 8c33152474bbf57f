"""Jobs over HTTP: their progress, result and cancellation, for the user who enqueued them."""

from dataclasses import dataclass
from typing import Any, Final

from app.core.http.parameters import CurrentActor
from app.core.http.routing import API, ApiRouter
from app.core.http.schema_types import Id
from app.core.security import scope
from app.shared.application.dto.jobs import JobView
from app.shared.application.jobs import JobEnded, JobNotFound, JobTracking

ACCEPTED: Final[dict[str, Any]] = {"status_code": 202, "created_at": f"{API}/jobs/{{id}}"}
"""For a route that enqueues a job and returns its `JobRef`:

router.post("/reports", reports.send, access=…, **ACCEPTED)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobController:
    tracking: JobTracking

    async def get(self, job_id: Id, actor: CurrentActor) -> JobView:
        """Get a job that you enqueued: its status, progress and result.

        Ended jobs are deleted after some time, by default a day.
        """
        return await self.tracking.find(job_id, actor_id=actor.user_id)

    async def cancel(self, job_id: Id, actor: CurrentActor) -> JobView:
        """Cancel a job that you enqueued.

        A waiting job never runs. A running job becomes `stopping`: unless it ends first, its
        changes in the database are undone.
        """
        return await self.tracking.cancel(job_id, actor_id=actor.user_id)


def job_routes(jobs: JobController) -> ApiRouter:
    router = ApiRouter(
        f"{API}/jobs",
        tags=["jobs"],
        description="Work that continues after its request was answered with status 202.",
    )
    router.get("/{job_id}", jobs.get, access=scope("job:read"), raises=[JobNotFound])
    router.post(
        "/{job_id}/cancel",
        jobs.cancel,
        access=scope("job:write"),
        replayable=False,  # a second time it changes nothing
        raises=[JobNotFound, JobEnded],
    )
    return router
