"""The transitions of a task: the whole table, and the event of each."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from app.core.exceptions import AppError
from app.modules.task.domain import events
from app.modules.task.domain.entities import Task, TaskStatus
from app.modules.task.domain.errors import (
    TaskAlreadyCancelled,
    TaskAlreadyCompleted,
    TaskAlreadyStarted,
    TaskNotClosed,
)
from app.shared.domain.base_entity import new_id
from tests.modules.task.samples import a_task
from tests.support.moments import CREATED, NOW

OPEN, IN_PROGRESS = TaskStatus.OPEN, TaskStatus.IN_PROGRESS
DONE, CANCELLED = TaskStatus.DONE, TaskStatus.CANCELLED
ASSIGNEE = new_id()

Step = Callable[[Task], object]

STEPS: dict[str, Step] = {
    "start": lambda task: task.start(now=NOW),
    "complete": lambda task: task.complete(now=NOW),
    "cancel": lambda task: task.cancel(now=NOW),
    "reopen": lambda task: task.reopen(now=NOW),
    "assign": lambda task: task.assign(ASSIGNEE, now=NOW),
}

# For each transition and each status: the following status, or the error.
TABLE: dict[str, dict[TaskStatus, TaskStatus | type[AppError]]] = {
    "start": {
        OPEN: IN_PROGRESS,
        IN_PROGRESS: TaskAlreadyStarted,
        DONE: TaskAlreadyCompleted,
        CANCELLED: TaskAlreadyCancelled,
    },
    "complete": {
        OPEN: DONE,
        IN_PROGRESS: DONE,
        DONE: TaskAlreadyCompleted,
        CANCELLED: TaskAlreadyCancelled,
    },
    "cancel": {
        OPEN: CANCELLED,
        IN_PROGRESS: CANCELLED,
        DONE: TaskAlreadyCompleted,
        CANCELLED: TaskAlreadyCancelled,
    },
    "reopen": {
        OPEN: TaskNotClosed,
        IN_PROGRESS: TaskNotClosed,
        DONE: OPEN,
        CANCELLED: OPEN,
    },
    "assign": {
        OPEN: OPEN,
        IN_PROGRESS: IN_PROGRESS,
        DONE: TaskAlreadyCompleted,
        CANCELLED: TaskAlreadyCancelled,
    },
}
CELLS = [(step, before, after) for step, row in TABLE.items() for before, after in row.items()]
ALLOWED = [cell for cell in CELLS if isinstance(cell[2], TaskStatus)]
FORBIDDEN = [cell for cell in CELLS if not isinstance(cell[2], TaskStatus)]


def in_status(status: TaskStatus) -> Task:
    return a_task(status=status, completed_at=CREATED if status is DONE else None)


def state_of(task: Task) -> dict[str, Any]:
    return {field.name: getattr(task, field.name) for field in fields(task)}


def test_the_table_has_every_status_in_every_row() -> None:
    assert all(set(row) == set(TaskStatus) for row in TABLE.values())


@pytest.mark.parametrize(("step", "before", "after"), ALLOWED)
def test_an_allowed_transition_leads_to_its_status(
    step: str, before: TaskStatus, after: TaskStatus
) -> None:
    task = in_status(before)

    STEPS[step](task)

    assert task.status is after
    assert (task.created_at, task.updated_at) == (CREATED, NOW)


@pytest.mark.parametrize(("step", "before", "error"), FORBIDDEN)
def test_a_forbidden_transition_raises_its_error_and_changes_nothing(
    step: str, before: TaskStatus, error: type[AppError]
) -> None:
    task = in_status(before)
    unchanged = state_of(task)

    with pytest.raises(error):
        STEPS[step](task)

    assert state_of(task) == unchanged
    assert task.pull_events() == []


@pytest.mark.parametrize(
    ("step", "before", "expected"),
    [
        ("start", OPEN, events.TaskStarted),
        ("complete", IN_PROGRESS, events.TaskCompleted),
        ("cancel", OPEN, events.TaskCancelled),
        ("reopen", DONE, events.TaskReopened),
        ("reopen", CANCELLED, events.TaskReopened),
    ],
)
def test_a_transition_records_one_event(
    step: str, before: TaskStatus, expected: type[events.TaskEvent]
) -> None:
    task = in_status(before)

    STEPS[step](task)

    assert task.pull_events() == [expected(task.id, task.owner_id)]
    assert task.pull_events() == []


def test_a_completed_task_has_its_completion_time() -> None:
    task = in_status(OPEN)
    task.complete(now=NOW)
    assert task.completed_at == NOW


def test_a_reopened_task_has_no_completion_time() -> None:
    task = in_status(DONE)
    task.reopen(now=NOW)
    assert task.completed_at is None


def test_a_cancelled_task_has_no_completion_time() -> None:
    task = in_status(IN_PROGRESS)
    task.cancel(now=NOW)
    assert task.completed_at is None


def test_an_assignment_records_the_new_assignee() -> None:
    task = a_task(assignee_id=new_id())

    assert task.assign(ASSIGNEE, now=NOW)

    assert task.assignee_id == ASSIGNEE
    assert task.pull_events() == [events.TaskAssigned(task.id, task.owner_id, ASSIGNEE)]


def test_an_assignment_of_null_records_the_unassignment() -> None:
    task = a_task(assignee_id=ASSIGNEE)

    assert task.assign(None, now=NOW)

    assert task.assignee_id is None
    assert task.pull_events() == [events.TaskUnassigned(task.id, task.owner_id)]


@pytest.mark.parametrize("assignee_id", [ASSIGNEE, None], ids=["somebody", "nobody"])
def test_a_repeated_assignment_to_the_same_user_records_nothing(assignee_id: Any) -> None:
    task = a_task(assignee_id=assignee_id)

    assert not task.assign(assignee_id, now=NOW)

    assert (task.assignee_id, task.updated_at) == (assignee_id, CREATED)
    assert task.pull_events() == []
