"""Tasks, for the tests of the base."""

from typing import Final

from tests.modules.task.plans import PLANS
from tests.support.cast import COLLEAGUE, OWNER, Cast
from tests.support.manifest import Manifest, Thing

ROUTES: Final = """
GET    /api/v1/tasks                     task:read
POST   /api/v1/tasks                     task:write
DELETE /api/v1/tasks/{task_id}           task:write
GET    /api/v1/tasks/{task_id}           task:read
PATCH  /api/v1/tasks/{task_id}           task:write
POST   /api/v1/tasks/{task_id}/assign    task:write
POST   /api/v1/tasks/{task_id}/cancel    task:write
POST   /api/v1/tasks/{task_id}/complete  task:write
GET    /api/v1/tasks/{task_id}/history   task:read
POST   /api/v1/tasks/{task_id}/reopen    task:write
POST   /api/v1/tasks/{task_id}/restore   task:write
POST   /api/v1/tasks/{task_id}/start     task:write
"""

TASK: Final = "/api/v1/tasks/{task_id}"


async def _assign(cast: Cast, task_id: str) -> None:
    body = {"assignee_id": cast.people[COLLEAGUE].id}
    answer = await cast.owner.post(f"/tasks/{task_id}/assign", body, version="*")
    assert answer.is_success, answer.text


MANIFEST: Final = Manifest(
    routes=ROUTES,
    things={
        "task_id": Thing(
            there_for=frozenset({OWNER, COLLEAGUE}),
            create=("/tasks", lambda: {"title": "Lay the foundation"}),
            share=_assign,
        )
    },
    bodies={
        f"PATCH {TASK}": {"title": "Mine now"},
        f"POST {TASK}/assign": {"assignee_id": None},
    },
    before={
        f"POST {TASK}/reopen": "POST /tasks/{}/complete",
        f"POST {TASK}/restore": "DELETE /tasks/{}",
    },
    # An assignee may change a task that still belongs to its owner; only the owner sees it deleted.
    outcomes={
        (f"DELETE {TASK}", COLLEAGUE): "forbidden",
        (f"POST {TASK}/restore", COLLEAGUE): "absent",
    },
    several_lines=frozenset({"description"}),
    columns={
        "content": ("task.title", "task.description", "task.labels", "task.status", "task.priority")
    },
    plans=PLANS,
)
