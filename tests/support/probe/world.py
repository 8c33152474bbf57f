"""Changes and shows the probes for a test, wherever their events are delivered."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Executable, Update, select, text, update

from app.config.settings import Settings
from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import Cancellation, JobRef
from app.shared.infrastructure.database.connection import Row
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import (
    event_attempt,
    event_delivery,
    event_log,
    job_state,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in
from tests.support.anybody import create_tables
from tests.support.cleaning import Clean, cleaner
from tests.support.probe.handlers import Folder
from tests.support.probe.module import (
    Probe,
    ProbeEvent,
    ProbeUnitOfWork,
    Work,
    Worked,
    effect,
    schema,
)
from tests.support.probe.service import probe_container, probe_settings

PATIENCE_SECONDS: Final = 30  # more than any step needs; only a failure waits so long
READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, *_ = DeliveryState

_this = event_delivery.c
_OURS = _this.handler.startswith("probe.")
_DELIVERIES = (
    select(
        event_delivery,
        event_log.c.event_type,
        event_log.c.payload,
        event_log.c.aggregate_version,
        event_log.c.correlation_id,
        event_log.c.causation_id,
        event_log.c.traceparent,
        event_log.c.actor_id,
    )
    .join(event_log, event_log.c.event_id == _this.event_id)
    .where(_OURS)
    .order_by(_this.id)
)
_other = event_delivery.alias("other").c


def _bring_forward(state: DeliveryState, *, but_locked: bool) -> Update:
    waiting = select(_other.id).where(is_in(_other.state, state), _other.due_at > database_time())
    free = waiting.with_for_update(skip_locked=but_locked)
    return update(event_delivery).where(_this.id.in_(free)).values(due_at=database_time())


class World:
    """Publishes events, reads results and changes deliveries, but delivers nothing."""

    def __init__(self, settings: Settings, folder: Path, *, is_hasty: bool = True) -> None:
        self.settings, self.folder = settings, Folder(folder)
        self.container = probe_container(settings, self.folder, is_hasty=is_hasty)
        self.database = self.container.database()

    @property
    def is_sqlite(self) -> bool:
        return self.settings.database.get_backend_name() == "sqlite"

    # --- Publishing

    def unit_of_work(self) -> ProbeUnitOfWork:
        return ProbeUnitOfWork(self.database, self.container.registry(), self.container.notifier())

    async def publish(
        self,
        kind: type[ProbeEvent],
        *acts: str,
        stream: UUID | None = None,
        times: int = 1,
        commit: bool = True,
    ) -> UUID:
        """Publish events of a probe, a new one without `stream`; return the probe's id."""
        async with self.unit_of_work() as uow:
            probe = await uow.probes.get(stream) if stream else Probe(id=new_id())
            for _ in range(times):
                probe.happen(kind, *acts)
            await uow.probes.save(probe)
            if commit:
                await uow.commit()
        return probe.id

    async def enqueue(self, job: Work, *, commit: bool = True, **terms: Any) -> JobRef[Worked]:
        async with self.unit_of_work() as uow:
            ref = await uow.jobs.enqueue(job, **terms)
            if commit:
                await uow.commit()
        return ref

    async def cancel(self, kind: type[Work], key: str) -> Cancellation:
        async with self.unit_of_work() as uow:
            answer = await uow.jobs.cancel(kind, key=key)
            await uow.commit()
        return answer

    # --- Reading

    async def deliveries(self) -> list[Row]:
        """Return the deliveries of probe handlers with their events, in order of publishing."""
        return await self.fetch(_DELIVERIES)

    async def delivery(self) -> Row:
        """Return the only delivery."""
        (only,) = await self.deliveries()
        return only

    async def states(self) -> list[str]:
        return [DeliveryState(row["state"]).name.lower() for row in await self.deliveries()]

    async def attempts(self) -> list[Row]:
        """Return the stored failures, oldest first."""
        return await self.fetch(select(event_attempt).order_by(event_attempt.c.token))

    async def effects(self, stream: UUID | None = None, handler: str | None = None) -> list[int]:
        """Return the numbers of the events that had an effect, in the order of effects."""
        rows = await self.fetch(select(effect).order_by(effect.c.seq))
        return [
            row["number"]
            for row in rows
            if stream in {None, row["stream_id"]} and handler in {None, row["handler"]}
        ]

    async def job_states(self) -> list[Row]:
        """Return the stored states of jobs, such as progress, in the order of enqueuing."""
        return await self.fetch(select(job_state).order_by(job_state.c.delivery_id))

    async def has_progress(self, progress: tuple[int, int | None]) -> bool:
        states = await self.job_states()
        return [(row["progress_done"], row["progress_total"]) for row in states] == [progress]

    async def are(self, states: list[str]) -> bool:
        return await self.states() == states

    async def is_done(self, stream: UUID) -> bool:
        """Return whether all events of a probe are delivered."""
        states = {r["state"] for r in await self.deliveries() if r["stream_id"] == stream}
        return states == {DONE}

    async def have_failed(self, count: int) -> bool:
        return len(await self.attempts()) == count

    async def is_due_after(self, time: dt.datetime) -> bool:
        return bool((await self.delivery())["due_at"] > time)

    async def fetch(self, statement: Executable) -> list[Row]:
        return list(await self.database.fetch_all(Statement(statement), {}))

    # --- Changing

    async def execute(self, statement: Executable | str, **params: Any) -> int:
        query = Statement(text(statement) if isinstance(statement, str) else statement)
        async with self.database.transaction() as connection:
            hit = await connection.execute(query, params)
            await connection.commit()
        return hit

    async def bring_forward_retries(self) -> None:
        """Make the next attempts due now."""
        await self.execute(_bring_forward(READY, but_locked=True))
        self.container.notifier().notify()

    async def end_leases(self) -> None:
        """End the leases of all claimed deliveries.

        A killed process locks its rows until the server notices; this method waits for that.
        """
        await self.execute(_bring_forward(CLAIMED, but_locked=False))
        self.container.notifier().notify()

    async def give_to(self, worker_id: str) -> None:
        """Assign all claimed deliveries to another process, such as one on another machine."""
        claim = event_delivery.c.state == int(CLAIMED)
        await self.execute(update(event_delivery).where(claim).values(worker_id=worker_id))


async def until(
    is_so: Callable[[], Awaitable[bool] | bool], *, patience: float = PATIENCE_SECONDS
) -> None:
    """Wait until a condition is true. It polls, because other processes change the state."""
    deadline = time.monotonic() + patience
    while True:
        answer = is_so()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def open_world(
    address: str, folder: Path, **settings: Any
) -> AsyncIterator[tuple[World, Clean]]:
    """Yield a world with its tables created, and the function that empties it."""
    await create_tables(address, schema)
    world = World(probe_settings(address, folder, **settings), folder)
    await world.database.open()
    try:
        async with cleaner(address) as clean:
            yield world, clean
    finally:
        await world.database.close()
