"""Workers and relays: what delivers events and fires schedules in a process of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.config.settings import Settings
from app.container import ApplicationContainer, build_container
from app.shared.infrastructure.events.distributed.chunk import Chunk


async def run_worker(container: ApplicationContainer) -> None:
    """Deliver until the process is asked to stop; what was begun is finished or given back.

    With EVENTS=celery to deliver means to send: this is the relay then.
    """
    await container.database().open()
    engine = asyncio.create_task(container.engine().run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, engine.cancel)
    try:
        await asyncio.gather(engine, return_exceptions=True)
    finally:
        await container.wake().close()
        await container.database().close()


def run_celery_worker(
    settings: Settings, build: Callable[[Settings], ApplicationContainer] = build_container
) -> int:
    """Run what the relay sends, by Celery; return the exit code."""
    # Before Celery is imported. It makes SIGTERM end a worker in bounded time, and keeps it from
    # the processes that it forked, where a supervisor sends it to all of them.
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    from app.shared.infrastructure.events.distributed.worker import run_celery_worker as run  # noqa: PLC0415

    @asynccontextmanager
    async def open_service() -> AsyncIterator[Callable[[], Chunk]]:
        container = build(settings)
        await container.database().open()
        try:
            yield container.chunk
        finally:
            container.hasher().close()
            await container.wake().close()
            await container.database().close()

    return run(
        build(settings).celery(),
        open_service,
        processes=settings.event_processes,
        watchdog_seconds=settings.event_watchdog_seconds,
    )
