"""Empty the bin of what has been in it for too long."""

import datetime as dt
from collections.abc import Callable

from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class PurgeBin:
    """Remove for good what was deleted long enough ago; return how many tasks."""

    def __init__(self, uow: Callable[[], TaskUnitOfWork], clock: Clock, keep: dt.timedelta) -> None:
        self._uow, self._clock, self._keep = uow, clock, keep

    async def execute(self) -> int:
        async with self._uow() as uow:
            purged = await uow.tasks.purge(deleted_before=self._clock.now() - self._keep)
            await uow.commit()
        return purged
