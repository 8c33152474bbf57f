"""What a run stands on: databases, brokers, processes."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from app.shared.infrastructure.database.migrate import upgrade
from app.shared.infrastructure.events.delivery.celery.broker import create_celery
from bench.events import backlog, floor
from bench.events.process import TICKS
from bench.events.service import Bench, bench_settings, opened
from bench.processes import process
from bench.servers import Postgres
from tests.support.brokers import remove
from tests.support.probe.child import environment

PROCESSES: Final = 2


class Setting:
    """Everything that a run stands on, until the stack is unwound."""

    def __init__(self, stack: AsyncExitStack, server: Postgres, broker: str, folder: Path) -> None:
        self._stack, self._server = stack, server
        self._broker, self._folder = broker, folder

    async def on_postgres(self) -> Bench:
        return await self._opened(await self._server.new_database())

    async def on_sqlite(self) -> Bench:
        address = f"sqlite:///{self._folder / secrets.token_hex(4)}.db"
        await asyncio.to_thread(upgrade, address)
        return await self._opened(address)

    async def relay(self) -> Bench:
        """One whose messages nobody receives."""
        return await self._opened(await self._server.new_database(), **self._on_celery())

    async def distributed(self, worker: str = "worker") -> Bench:
        """One with a relay and a worker in processes of their own."""
        bench = await self._opened(await self._server.new_database(), **self._on_celery())
        for role in ("relay", worker):
            await self._start(role, environment(bench.settings))
        return bench

    async def backlog(self, statements: Mapping[str, int]) -> Bench:
        """One that has been filled: see `backlog.fill`."""
        address = await self._server.new_database()
        await backlog.fill(address, statements)
        return await self._opened(address)

    async def nothing(self) -> Callable[..., Awaitable[list[float]]]:
        """Celery alone, with tasks that do nothing."""
        ticks = self._folder / "ticks"
        settings = bench_settings("sqlite:///unused.db", self._folder, **self._on_celery())
        await self._start("nothing", environment(settings) | {TICKS: str(ticks)})
        celery = create_celery(
            self._broker, name=settings.short_name, visibility_timeout=settings.event_queue_seconds
        )
        self._stack.push_async_callback(asyncio.to_thread, remove, celery)
        return partial(floor.doing_nothing, celery, ticks)

    async def _opened(self, address: str, **settings: Any) -> Bench:
        bench = await self._stack.enter_async_context(
            opened(bench_settings(address, self._folder, **settings))
        )
        if celery := bench.container.celery():
            self._stack.push_async_callback(asyncio.to_thread, remove, celery)
        return bench

    async def _start(self, role: str, environment: dict[str, str]) -> None:
        log = self._folder / f"{role}.log"
        command = ("bench.events.process", role)
        await self._stack.enter_async_context(process(*command, environment=environment, log=log))

    def _on_celery(self) -> dict[str, Any]:
        return {
            "app_name": f"Bench {secrets.token_hex(4)}",
            "events": "celery",
            "celery_broker_url": SecretStr(self._broker),
            "redis_url": SecretStr(self._broker),
            "event_processes": PROCESSES,
        }
