"""Tasks as README.md shows them, and further: create, list, complete, revise; meet problems."""

import datetime as dt
from typing import Final
from uuid import UUID

from service_client.api.tasks import (
    tasks_complete,
    tasks_create,
    tasks_get,
    tasks_list,
    tasks_revise,
)
from service_client.models import Priority, TaskDraft, TaskPatch, TasksListSort, TaskStatus
from service_client.types import UNSET, Unset
from steps import answer_of, problem_of, signed_in

ABSENT: Final = UUID("00000000-0000-7000-8000-000000000000")

client = signed_in("python-tasks@example.com")

draft = TaskDraft(
    title="Lay the foundation",
    priority=Priority.HIGH,
    labels=["house"],
    due_at=dt.datetime(2027, 3, 1, 12, tzinfo=dt.UTC),
)
created = tasks_create.sync_detailed(client=client, body=draft)
task = answer_of(created)
assert (task.title, task.due_at, task.status) == (draft.title, draft.due_at, TaskStatus.OPEN)
assert created.headers["etag"] == '"1"'
assert created.headers["location"] == f"/api/v1/tasks/{task.id}"

for title in ("Build the walls", "Put on the roof"):
    another = TaskDraft(title=title, labels=["house"])
    answer_of(tasks_create.sync_detailed(client=client, body=another))

titles: list[str] = []
cursor: str | Unset | None = UNSET
while cursor is not None:
    listed = tasks_list.sync_detailed(
        client=client,
        status=TaskStatus.OPEN,
        label="house",
        sort=TasksListSort.DUE_AT,
        limit=2,
        cursor=cursor,
    )
    page = answer_of(listed)
    titles += [each.title for each in page.items]
    cursor = page.next_cursor
assert (len(titles), titles[0]) == (3, task.title)

completed = tasks_complete.sync_detailed(task.id, client=client, if_match='"1"')
assert answer_of(completed).status is TaskStatus.DONE
stale = tasks_revise.sync_detailed(
    task.id, client=client, body=TaskPatch(title="Dig a pit"), if_match='"1"'
)
problem_of(stale, 412, "stale_version")
patch = TaskPatch(title="Lay another foundation", due_at=None)
revised = answer_of(tasks_revise.sync_detailed(task.id, client=client, body=patch, if_match='"2"'))
assert (revised.version, revised.due_at, revised.labels) == (3, None, ["house"])

invalid = tasks_create.sync_detailed(client=client, body=TaskDraft(title="x" * 201))
problem = problem_of(invalid, 422, "invalid")
assert not isinstance(problem.errors, Unset)
assert [(error.pointer, error.code) for error in problem.errors] == [("/title", "too_long")]
problem_of(tasks_get.sync_detailed(ABSENT, client=client), 404, "task_not_found")
