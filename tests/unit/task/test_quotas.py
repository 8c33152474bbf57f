"""What is counted of an account's tasks, how often, and what is refused."""

import asyncio
from contextlib import suppress
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from app.core.exceptions import QuotaExceeded
from app.core.limits import DAY
from app.modules.task.application.quotas import AssignmentQuota, TaskQuota, TaskQuotas
from app.modules.task.domain.repositories import TaskRepository, Usage
from app.shared.infrastructure.limits.local import LocalLimiter

OWNER = uuid4()


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class Tasks:
    """Stores only the usage, and how often it was counted."""

    def __init__(self, tasks: int = 0, text_bytes: int = 0) -> None:
        self.used, self.counts = Usage(tasks, text_bytes), 0

    async def usage_of(self, _owner_id: UUID, /, *, most: int) -> Usage:
        assert most > 0
        self.counts += 1
        await asyncio.sleep(0)
        return self.used

    async def create(
        self, quota: TaskQuota, *, text_bytes: int = 10, owner_id: UUID = OWNER
    ) -> None:
        tasks = cast("TaskRepository", self)
        await quota.consume(tasks, owner_id, count=1, text_bytes=text_bytes)
        self.used = Usage(self.used.tasks + 1, self.used.text_bytes + text_bytes)

    async def grow(self, quota: TaskQuota, more: int) -> None:
        await quota.consume(cast("TaskRepository", self), OWNER, count=0, text_bytes=more)
        self.used = Usage(self.used.tasks, self.used.text_bytes + more)


def a_quota(clock: Clock | None = None, **of: int) -> TaskQuota:
    quotas: dict[str, Any] = {"tasks": 1_000, "text_bytes": 1_000_000, "assignments_a_day": 3}
    return TaskQuota(TaskQuotas(**quotas | of), clock or Clock())


async def test_a_quota_of_tasks_is_exact() -> None:
    quota, tasks = a_quota(), Tasks()
    for _ in range(1_000):
        await tasks.create(quota)
    with pytest.raises(QuotaExceeded) as refused:
        await tasks.create(quota)
    assert (refused.value.quota, refused.value.limit) == ("tasks", 1_000)
    assert tasks.used.tasks == 1_000


async def test_a_quota_of_bytes_is_exact_and_named_in_the_error() -> None:
    quota, tasks = a_quota(text_bytes=100_000), Tasks()
    for _ in range(10):
        await tasks.create(quota, text_bytes=10_000)
    with pytest.raises(QuotaExceeded) as refused:
        await tasks.create(quota, text_bytes=1)
    assert (refused.value.quota, refused.value.limit) == ("task_bytes", 100_000)
    with pytest.raises(QuotaExceeded):
        await tasks.grow(quota, 1)


async def test_a_text_may_grow_when_the_quota_of_tasks_is_reached() -> None:
    quota, tasks = a_quota(), Tasks(tasks=1_000, text_bytes=10)
    with pytest.raises(QuotaExceeded):
        await tasks.create(quota)
    await tasks.grow(quota, 1)


async def test_far_below_the_quota_few_changes_are_counted() -> None:
    quota, tasks = a_quota(tasks=10_000), Tasks()
    for _ in range(1_000):
        await tasks.create(quota)
    assert tasks.counts <= 1_000 / (10_000 / TaskQuota.SHARE)


async def test_several_processes_share_a_quota() -> None:
    rooms, tasks = [a_quota() for _ in range(20)], Tasks()
    for quota in rooms:
        await tasks.create(quota)  # each may use more now
    tasks.used = Usage(999, 10)  # by a process that counted
    for quota in rooms * 10:
        with suppress(QuotaExceeded):
            await tasks.create(quota)
    with pytest.raises(QuotaExceeded):
        await tasks.create(rooms[0])
    # Half a percent each is the most that they can exceed, if all used what they may.
    assert tasks.used.tasks <= 999 + 20 * 1_000 // TaskQuota.SHARE


async def test_a_refused_change_is_not_counted_again_for_a_short_time() -> None:
    clock = Clock()
    quota, tasks = a_quota(clock), Tasks(tasks=1_000)
    for _ in range(100):
        with pytest.raises(QuotaExceeded):
            await tasks.create(quota)
    assert tasks.counts == 1
    tasks.used = Usage(999, 10)
    clock.time += TaskQuota.REFUSED_FOR_SECONDS
    await tasks.create(quota)


async def test_a_smaller_change_than_the_refused_one_is_counted() -> None:
    quota, tasks = a_quota(text_bytes=100_000), Tasks(tasks=1, text_bytes=99_000)
    with pytest.raises(QuotaExceeded):
        await tasks.create(quota, text_bytes=2_000)
    await tasks.create(quota, text_bytes=1_000)


async def test_quotas_of_two_owners_are_separate() -> None:
    quota, tasks = a_quota(tasks=1), Tasks()
    await tasks.create(quota)
    with pytest.raises(QuotaExceeded):
        await tasks.create(quota)
    await Tasks().create(quota, owner_id=uuid4())


async def test_the_remembered_counts_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaskQuota, "MOST_REMEMBERED", 10)
    quota = a_quota()
    for _ in range(100):
        await Tasks().create(quota, owner_id=uuid4())
        with pytest.raises(QuotaExceeded):
            await Tasks(tasks=1_000).create(quota, owner_id=uuid4())
    assert len(quota._leave) == len(quota._refused) == 10


async def test_assignments_over_the_daily_quota_are_refused_until_one_expires() -> None:
    clock = Clock()
    quotas = TaskQuotas(tasks=1, text_bytes=1, assignments_a_day=3)
    quota = AssignmentQuota(quotas, LocalLimiter(now=clock))
    for _ in range(3):
        await quota.consume(OWNER)
    with pytest.raises(QuotaExceeded) as refused:
        await quota.consume(OWNER)
    assert (refused.value.quota, refused.value.limit) == ("assignments_per_day", 3)
    await quota.consume(uuid4())
    clock.time += DAY
    await quota.consume(OWNER)
