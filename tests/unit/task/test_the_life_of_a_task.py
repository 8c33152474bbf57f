"""Creation, revision and deletion of a task."""

import datetime as dt
from typing import Any

import pytest

from app.core.exceptions import Invalid
from app.modules.task.domain import events
from app.modules.task.domain.entities import (
    Labels,
    Priority,
    Task,
    TaskChanges,
    TaskStatus,
    Title,
)
from app.modules.task.domain.errors import OnlyTheOwner, TaskNotInBin
from app.shared.domain.base_entity import new_id
from tests.modules.task.samples import a_task
from tests.support.moments import CREATED, NOW

OWNER = new_id()
DUE = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)

CHANGES: TaskChanges = {
    "title": Title("Raise the walls"),
    "description": "All four of them.",
    "priority": Priority.URGENT,
    "due_at": DUE,
    "labels": Labels(("home", "brick")),
}


# --- Birth --------------------------------------------------------------------------------------


def test_a_new_task_is_open_unassigned_and_of_normal_priority() -> None:
    task = Task.create(owner_id=OWNER, now=NOW, details={"title": Title("Dig")})

    assert (task.owner_id, task.title, task.description) == (OWNER, Title("Dig"), "")
    assert (task.status, task.priority, task.labels) == (
        TaskStatus.OPEN,
        Priority.NORMAL,
        Labels(),
    )
    assert (task.due_at, task.assignee_id, task.completed_at, task.deleted_at) == (None,) * 4
    assert (task.version, task.created_at, task.updated_at) == (0, NOW, NOW)


def test_a_new_task_has_the_details_it_was_given() -> None:
    task = Task.create(owner_id=OWNER, now=NOW, details=CHANGES)
    assert {name: getattr(task, name) for name in CHANGES} == CHANGES


def test_a_new_task_records_its_creation() -> None:
    task = Task.create(owner_id=OWNER, now=NOW, details={"title": Title("Dig")})
    assert task.pull_events() == [events.TaskCreated(task.id, OWNER)]


def test_a_task_without_a_title_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        Task.create(owner_id=OWNER, now=NOW, details={"description": "No title."})
    assert [(e["pointer"], e["code"]) for e in refusal.value.errors] == [("/title", "required")]


def test_two_new_tasks_are_different() -> None:
    first, second = a_task(), a_task()
    assert first != second
    assert len({first, second}) == 2


def test_a_changed_task_is_equal_to_its_old_state() -> None:
    task = a_task()
    later = a_task(id=task.id, status=TaskStatus.DONE)
    assert task == later
    assert len({task, later}) == 1


# --- Revision -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHANGES)
def test_a_revision_changes_only_its_fields(name: str) -> None:
    task, other = a_task(owner_id=OWNER), a_task()

    changed: Any = {name: CHANGES[name]}  # type: ignore[literal-required]  # any of them
    assert task.revise(changed, now=NOW) is True

    assert getattr(task, name) == changed[name]
    assert all(getattr(task, n) == getattr(other, n) for n in CHANGES if n != name)
    assert task.updated_at == NOW
    assert task.pull_events() == [events.TaskRevised(task.id, OWNER, [name])]


def test_a_revision_names_the_changed_fields_alphabetically() -> None:
    task = a_task(description="The same.")

    task.revise(
        {
            "title": Title("Raise the walls"),
            "description": "The same.",
            "due_at": DUE,
            "labels": Labels(("home",)),
        },
        now=NOW,
    )

    assert task.pull_events() == [
        events.TaskRevised(task.id, task.owner_id, ["due_at", "labels", "title"])
    ]


@pytest.mark.parametrize("changes", [{}, CHANGES], ids=["nothing", "everything, to what it was"])
def test_a_revision_without_changes_records_nothing(changes: TaskChanges) -> None:
    task = a_task(**CHANGES)

    assert task.revise(changes, now=NOW) is False

    assert task.updated_at == CREATED
    assert task.pull_events() == []


def test_a_revision_can_remove_the_due_time() -> None:
    task = a_task(due_at=DUE)
    assert task.revise({"due_at": None}, now=NOW)
    assert task.due_at is None


# --- Bin ----------------------------------------------------------------------------------------


def test_its_owner_may_delete_a_task() -> None:
    task = a_task(owner_id=OWNER)

    task.delete(by=OWNER, now=NOW)

    assert (task.deleted_at, task.updated_at) == (NOW, NOW)
    assert task.pull_events() == [events.TaskDeleted(task.id, OWNER)]


@pytest.mark.parametrize("role", ["assignee", "stranger"])
def test_only_its_owner_may_delete_a_task(role: str) -> None:
    somebody = new_id()
    task = a_task(owner_id=OWNER, assignee_id=somebody if role == "assignee" else None)

    with pytest.raises(OnlyTheOwner):
        task.delete(by=somebody, now=NOW)

    assert (task.deleted_at, task.updated_at, task.pull_events()) == (None, CREATED, [])


@pytest.mark.parametrize("status", TaskStatus)
def test_a_task_can_be_deleted_and_restored_in_every_status(status: TaskStatus) -> None:
    task = a_task(owner_id=OWNER, status=status)
    task.delete(by=OWNER, now=CREATED)
    task.pull_events()

    task.restore(now=NOW)

    assert (task.status, task.deleted_at, task.updated_at) == (status, None, NOW)
    assert task.pull_events() == [events.TaskRestored(task.id, OWNER)]


def test_a_task_that_is_not_deleted_cannot_be_restored() -> None:
    task = a_task()
    with pytest.raises(TaskNotInBin):
        task.restore(now=NOW)
    assert (task.updated_at, task.pull_events()) == (CREATED, [])
