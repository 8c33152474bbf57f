"""A task records once for each due time that it is due soon."""

import datetime as dt
from typing import Any

import pytest

from app.modules.task.domain.entities import Task, TaskStatus, Title
from app.modules.task.domain.events import TaskDueSoon
from app.shared.domain.base_entity import new_id

NOW = dt.datetime(2026, 1, 2, 17, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(hours=24)
MOMENT = dt.timedelta(microseconds=1)


def a_task(**fields: Any) -> Task:
    given = {"owner_id": new_id(), "title": Title("Lay the foundation"), "due_at": NOW + DAY}
    return Task(**{"created_at": NOW - DAY, "updated_at": NOW - DAY, **given, **fields})


def test_a_task_that_is_due_within_a_day_records_an_event() -> None:
    task = a_task()
    assert task.remind(now=NOW)
    assert task.pull_events() == [TaskDueSoon(task.id, task.owner_id, NOW + DAY)]
    assert task.updated_at == NOW


def test_a_reminder_is_recorded_once() -> None:
    task = a_task()
    task.remind(now=NOW)
    assert not task.remind(now=NOW + MOMENT)
    assert len(task.pull_events()) == 1


def test_another_due_time_has_another_reminder() -> None:
    task = a_task()
    task.remind(now=NOW)
    task.revise({"due_at": NOW + DAY / 2}, now=NOW)
    assert task.remind(now=NOW)


def test_a_due_time_that_is_restored_has_no_second_reminder() -> None:
    task = a_task()
    task.remind(now=NOW)
    task.revise({"due_at": NOW + 2 * DAY}, now=NOW)
    task.revise({"due_at": NOW + DAY}, now=NOW)
    assert not task.remind(now=NOW)


@pytest.mark.parametrize("due_at", [None, NOW + DAY + MOMENT, NOW, NOW - MOMENT])
def test_a_task_that_is_not_due_within_a_day_records_nothing(
    due_at: dt.datetime | None,
) -> None:
    task = a_task(due_at=due_at)
    assert not task.remind(now=NOW)
    assert task.pull_events() == []


@pytest.mark.parametrize(
    ("status", "speaks"), [("open", 1), ("in_progress", 1), ("done", 0), ("cancelled", 0)]
)
def test_only_an_unfinished_task_has_a_reminder(status: str, speaks: int) -> None:
    assert a_task(status=TaskStatus(status)).remind(now=NOW) is bool(speaks)


def test_a_deleted_task_records_no_reminder() -> None:
    assert not a_task(deleted_at=NOW).remind(now=NOW)
