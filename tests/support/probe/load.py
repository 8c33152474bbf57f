"""Endless publishing, with a ledger of intended events and of events reported as durable."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID, uuid5

from app.container import ApplicationContainer
from app.core.exceptions import AppError
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import IntegrityViolation
from tests.support.probe.handlers import Folder
from tests.support.probe.module import ProbeUnitOfWork, Shared

_STREAMS = UUID("00000000-0000-4000-8000-000000000000")
ROLLED_BACK: Final = 0.1  # the share of events that are rolled back


class Load:
    """Several concurrent publishers, each with its own stream, so that none conflicts."""

    def __init__(
        self,
        container: ApplicationContainer,
        folder: Folder,
        *,
        seed: int,
        streams: int,
        pause: float,
    ) -> None:
        """`pause` is the longest pause of a publisher between two events, in seconds."""
        self._container, self._random = container, random.Random(seed)  # noqa: S311 - repeatable
        self._pause = pause
        self._streams = [uuid5(_STREAMS, f"{seed} {number}") for number in range(streams)]
        self._ledger = os.open(folder.book, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        publishers = [asyncio.create_task(self._publish(stream)) for stream in self._streams]
        try:
            yield
        finally:
            for publisher in publishers:
                publisher.cancel()
            await asyncio.gather(*publishers, return_exceptions=True)

    async def _publish(self, stream: UUID) -> None:
        while True:
            # The database is down, or a killed publisher was faster: no success was reported.
            with suppress(AppError, IntegrityViolation):
                await self._publish_one(stream)
            await asyncio.sleep(self._random.uniform(0, self._pause))

    async def _publish_one(self, stream: UUID) -> None:
        mark, is_meant = new_id(), self._random.random() > ROLLED_BACK
        uow = ProbeUnitOfWork(
            self._container.database(), self._container.registry(), self._container.notifier()
        )
        self._note("meant" if is_meant else "withdrawn", mark)
        async with uow:
            probe = await uow.probes.get(stream)
            probe.happen(Shared, mark=str(mark))
            await uow.probes.save(probe)
            if not is_meant:
                await uow.flush()
                return
            await uow.commit()
        self._note("durable", mark)

    def _note(self, word: str, mark: UUID) -> None:
        os.write(self._ledger, f"{word} {mark}\n".encode())  # immediately, as a whole line
