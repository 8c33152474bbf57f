"""The service as a benchmark uses it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import select

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.shared import composition
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in
from bench.events.module import Record, RecordUnitOfWork, bench_container, create_tables, effect
from tests.support.databases import text

PATIENCE_SECONDS: Final = 60.0
_UNDONE = is_in(event_delivery.c.state, DeliveryState.READY, DeliveryState.CLAIMED)
UNDONE: Final = Statement(select(event_delivery.c.id).where(_UNDONE).limit(1))
EFFECTS: Final = Statement(select(effect.c.record_id, effect.c.at))


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

    async def publish(self, count: int = 1) -> UUID:
        """Publish so many events in one transaction; return the id of the last one's record."""
        async with self.unit_of_work() as uow:
            for _ in range(count):
                record = Record.make()
                uow.save(record)
            await uow.commit()
        return record.id

    async def until_done(self) -> None:
        """Wait until nothing is to be delivered. Raises TooSlow."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while await self.database.fetch_one(UNDONE, {}):
            if time.monotonic() > deadline:
                raise TooSlow
            await asyncio.sleep(0.01)

    async def effects(self) -> dict[UUID, float]:
        """Return when each record had its effect."""
        rows = await self.database.fetch_all(EFFECTS, {})
        return {row["record_id"]: row["at"] for row in rows}


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
