"""The quotas of an account, without counting for each change."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from app.core.caches import evict_oldest
from app.core.exceptions import QuotaExceeded
from app.core.limits import DAY, Limit, Limiter, TooManyRequests
from app.modules.task.domain.repositories import TaskRepository, Usage


@dataclass(frozen=True, slots=True)
class TaskQuotas:
    """The limits of one account: its tasks, their text, and assignments to others in a day."""

    tasks: int
    text_bytes: int
    assignments_a_day: int


class _Refusal(NamedTuple):
    until: float
    wanted: Usage
    said: tuple[str, int, str]


class TaskQuota:
    """Allows an account more tasks and longer texts, up to its quotas.

    Counting an account's tasks takes longer the more there are. So after a count this process may
    use a two hundredth of the quota without another count. Above nine tenths of the quota each
    change is counted, for one owner one after another. So the quotas are exact for up to twenty
    processes; each further one may exceed them by half a percent.
    """

    MOST_REMEMBERED: Final = 10_000
    COUNTED_FROM: Final = 0.9
    SHARE: Final = 200
    REFUSED_FOR_SECONDS: Final = 1.0

    def __init__(self, quotas: TaskQuotas, now: Callable[[], float] = time.monotonic) -> None:
        self._quotas, self._now = quotas, now
        self._leave: OrderedDict[UUID, Usage] = OrderedDict()
        self._refused: OrderedDict[UUID, _Refusal] = OrderedDict()

    async def consume(
        self, tasks: TaskRepository, owner_id: UUID, /, *, count: int, text_bytes: int
    ) -> None:
        """Check that there is room, inside the transaction of the change.

        Raises QuotaExceeded.
        """
        wanted = Usage(count, text_bytes)
        leave = self._leave.get(owner_id)
        if leave is None or not _fits(wanted, leave):
            self._leave.pop(owner_id, None)
            leave = await self._counted(tasks, owner_id, wanted)
        # There is no `await` since the check, so in one event loop both are one step.
        self._leave[owner_id] = Usage(leave.tasks - count, leave.text_bytes - text_bytes)
        evict_oldest(self._leave, most=self.MOST_REMEMBERED)

    async def _counted(self, tasks: TaskRepository, owner_id: UUID, wanted: Usage) -> Usage:
        refusal = self._refused.get(owner_id)
        if refusal and self._now() < refusal.until and _fits(refusal.wanted, wanted):
            raise QuotaExceeded(*refusal.said)  # a later call needed as much or more
        used = await tasks.usage_of(owner_id, most=self._quotas.tasks)
        if said := self._exceeded(used, wanted):
            until = self._now() + self.REFUSED_FOR_SECONDS
            self._refused[owner_id] = _Refusal(until, wanted, said)
            evict_oldest(self._refused, most=self.MOST_REMEMBERED)
            raise QuotaExceeded(*said)
        return Usage(
            wanted.tasks + self._leave_for(used.tasks, self._quotas.tasks),
            wanted.text_bytes + self._leave_for(used.text_bytes, self._quotas.text_bytes),
        )

    def _exceeded(self, used: Usage, wanted: Usage) -> tuple[str, int, str] | None:
        most = self._quotas
        if wanted.tasks and used.tasks + wanted.tasks > most.tasks:
            return "tasks", most.tasks, f"An account may have at most {most.tasks} tasks, {_BIN}."
        if used.text_bytes + wanted.text_bytes > most.text_bytes:
            bound = f"An account's tasks may have at most {most.text_bytes} bytes of text"
            return "task_bytes", most.text_bytes, f"{bound}, {_BIN}."
        return None

    def _leave_for(self, used: int, most: int) -> int:
        return most // self.SHARE if used < self.COUNTED_FROM * most else 0


class AssignmentQuota:
    """Counts assignments to other users: each sends an email to a person who may not want it."""

    def __init__(self, quotas: TaskQuotas, limiter: Limiter) -> None:
        self._limit = Limit("assignments", quotas.assignments_a_day, per=DAY)
        self._limiter = limiter

    async def consume(self, actor_id: UUID, /) -> None:
        """Count one more. Raises QuotaExceeded."""
        try:
            await self._limiter.hit(self._limit, str(actor_id))
        except TooManyRequests as error:
            most = self._limit.amount
            detail = f"An account may assign tasks to others at most {most} times in 24 hours."
            raise QuotaExceeded("assignments_per_day", most, detail) from error


_BIN: Final = "including those in the bin, which are deleted automatically"


def _fits(wanted: Usage, leave: Usage) -> bool:
    return wanted.tasks <= leave.tasks and wanted.text_bytes <= leave.text_bytes
