"""The URL table of the task module."""

from app.core.cursors import InvalidCursor
from app.core.exceptions import ConcurrentUpdate, QuotaExceeded
from app.core.http.bodies import KIB
from app.core.http.routing import API, ApiRouter
from app.core.limits import TooManyRequests
from app.core.security import scope
from app.modules.task.domain.errors import (
    OnlyTheOwner,
    TaskAlreadyCancelled,
    TaskAlreadyCompleted,
    TaskAlreadyStarted,
    TaskNotClosed,
    TaskNotFound,
    TaskNotInBin,
)
from app.modules.task.presentation.controllers import TaskController

READ = scope("task:read")
WRITE = scope("task:write")
ABSENT = [TaskNotFound]
CLOSED = [TaskNotFound, TaskAlreadyCompleted, TaskAlreadyCancelled]
TASK_BYTES = 128 * KIB  # the longest description, with each character written as `\ud83d\ude00`


def task_routes(tasks: TaskController) -> ApiRouter:
    router = ApiRouter(f"{API}/tasks", tags=["tasks"], description="Tasks, and their states.")
    written = {"access": WRITE, "body_limit": TASK_BYTES}
    router.post(
        "",
        tasks.create,
        **written,
        status_code=201,
        created_at=f"{API}/tasks/{{id}}",
        raises=[QuotaExceeded],
    )
    router.get("", tasks.list, access=READ, raises=[InvalidCursor, TooManyRequests])
    router.get("/{task_id}", tasks.get, access=READ, raises=ABSENT)
    router.get(
        "/{task_id}/history", tasks.list_history, access=READ, raises=[TaskNotFound, InvalidCursor]
    )
    router.patch("/{task_id}", tasks.revise, **written, raises=[*ABSENT, QuotaExceeded])
    router.delete(
        "/{task_id}",
        tasks.delete,
        access=WRITE,
        status_code=204,
        raises=[TaskNotFound, OnlyTheOwner],
    )
    router.post("/{task_id}/start", tasks.start, access=WRITE, raises=[*CLOSED, TaskAlreadyStarted])
    router.post("/{task_id}/complete", tasks.complete, access=WRITE, raises=CLOSED)
    router.post(
        "/{task_id}/reopen", tasks.reopen, access=WRITE, raises=[TaskNotFound, TaskNotClosed]
    )
    router.post("/{task_id}/cancel", tasks.cancel, access=WRITE, raises=CLOSED)
    router.post("/{task_id}/assign", tasks.assign, access=WRITE, raises=[*CLOSED, QuotaExceeded])
    router.post(
        "/{task_id}/restore",
        tasks.restore,
        access=WRITE,
        raises=[TaskNotFound, TaskNotInBin, ConcurrentUpdate],
    )
    return router
