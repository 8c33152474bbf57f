"""The service as a benchmark uses it."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import bindparam, select

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.shared import composition
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in
from bench.events.module import (
    TITLE,
    Record,
    RecordUnitOfWork,
    bench_container,
    create_tables,
    effect,
)
from tests.support.databases import text

PATIENCE_SECONDS: Final = 60.0
_UNDONE = is_in(event_delivery.c.state, DeliveryState.READY, DeliveryState.CLAIMED)
UNDONE: Final = Statement(select(event_delivery.c.id).where(_UNDONE).limit(1))
_of_these = effect.c.record_id.in_(bindparam("ids", expanding=True))
EFFECTS: Final = Statement(select(effect.c.record_id, effect.c.at).where(_of_these))


class TooSlow(Exception):
    """It did not come to an end; what its processes said is in the message."""


class Bench:
    """Publishes records, and sees what becomes of them."""

    def __init__(self, container: ApplicationContainer) -> None:
        self.container, self.database = container, container.database()
        self.settings: Settings = container.settings()

    @property
    def address(self) -> str:
        """The database's, for its bare driver: on SQLite the file."""
        url = self.settings.database
        return url.database or "" if url.get_backend_name() == "sqlite" else text(url)

    def unit_of_work(self) -> RecordUnitOfWork:
        return RecordUnitOfWork(self.database, self.container.registry(), self.container.notifier())

    async def publish(self, *titles: str) -> list[UUID]:
        """Publish events in one transaction, by default one; return the ids of their records."""
        records = [Record.make(title) for title in titles or (TITLE,)]
        async with self.unit_of_work() as uow:
            for record in records:
                uow.save(record)
            await uow.commit()
        return [record.id for record in records]

    async def until_done(self) -> None:
        """Wait until nothing is to be delivered. Raises TooSlow."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while await self.database.fetch_one(UNDONE, {}):
            if time.monotonic() > deadline:
                raise TooSlow
            await asyncio.sleep(0.01)

    async def effects(self, records: Collection[UUID]) -> dict[UUID, float]:
        """Wait until each of these records has its effect; return when. Raises TooSlow."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            rows = await self.database.fetch_all(EFFECTS, {"ids": list(records)})
            if len(rows) == len(records):
                return {row["record_id"]: row["at"] for row in rows}
            if time.monotonic() > deadline:
                raise TooSlow
            await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Bench]:
    """The service on a database that is migrated."""
    await create_tables(settings.database_url.get_secret_value())
    container = bench_container(settings)
    async with composition.opened(container):
        yield Bench(container)


def bench_settings(address: str, folder: Path, **others: Any) -> Settings:
    """Say what has no default, and what the benchmark differs in: all else is as it is used."""
    given: dict[str, Any] = {
        "app_env": "test",
        "database_url": SecretStr(address),
        "jwt_secret_key": SecretStr("a key for benchmarks only, and long enough"),
        "data_dir": folder,
        "log_level": "WARNING",
    }
    return Settings(_env_file=None, **(given | others))
