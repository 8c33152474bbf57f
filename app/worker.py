"""Workers and relays: processes that deliver events and run schedules."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from uvicorn.loops.auto import auto_loop_factory

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.http.serving import served
from app.core.ports import listening
from app.shared.composition import opened
from app.shared.infrastructure.events.delivery.celery.delivery_batch import DeliveryBatch
from app.shared.infrastructure.events.delivery.engine import EngineEnded


def run(container: ApplicationContainer) -> None:
    """Run a worker or a relay to its end, on the same kind of event loop as the API."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(run_worker(container))


async def run_worker(container: ApplicationContainer) -> None:
    """Deliver until the process is asked to stop; running deliveries are finished or given back.

    With EVENTS=celery it is the relay, which sends deliveries to Celery. Raises EngineEnded.
    """
    is_over = asyncio.Event()
    async with opened(container, if_engine_ends=is_over.set), _metrics_served(container):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, is_over.set)
        await is_over.wait()
    if await container.engine().why_not():
        raise EngineEnded


def run_celery_worker(
    settings: Settings,
    build: Callable[[Settings], ApplicationContainer] = ApplicationContainer.build,
) -> int:
    """Run the relay's deliveries with Celery; return the exit code. Raises PortInUse.

    Each process that Celery forks counts for itself, and shows its metrics on its own port.
    """
    # Set before Celery is imported. It makes SIGTERM end a worker in limited time, and keeps the
    # signal from the forked processes if a supervisor sends it to all of them.
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    from app.shared.infrastructure.events.delivery.celery import worker  # noqa: PLC0415

    @asynccontextmanager
    async def open_service(number: int) -> AsyncIterator[Callable[[], DeliveryBatch]]:
        container = build(settings)
        async with opened(container), _metrics_served(container, number=number):
            yield container.delivery_batch

    if settings.metrics_port is not None:  # in a forked process it would be too late
        for number in range(settings.event_processes):
            listening(settings.host, settings.metrics_port + number).close()
    return worker.run_celery_worker(
        build(settings).celery(),
        open_service,
        queues=settings.queues,
        processes=settings.event_processes,
        watchdog_seconds=settings.event_watchdog_seconds,
    )


@asynccontextmanager
async def _metrics_served(
    container: ApplicationContainer, *, number: int = 0
) -> AsyncIterator[None]:
    """Serve the metrics while the block runs, if there is a port for it. Raises PortInUse."""
    settings = container.settings()
    if settings.metrics_port is None:
        yield
        return
    from app.main import create_metrics_app  # noqa: PLC0415 - nothing else here serves anything

    port = settings.metrics_port + number
    async with served(create_metrics_app(container), host=settings.host, port=port):
        yield
