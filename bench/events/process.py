"""A process of a benchmark: a relay, a worker of Celery, or one whose tasks do nothing."""

import os
import sys
from collections.abc import Callable
from typing import Final

from app.config.settings import Settings, load_settings
from app.core.logging import configure_logging
from app.shared.infrastructure.events.delivery.celery.broker import create_celery
from app.worker import run, run_celery_worker
from bench.events.module import alone_container, bench_container
from bench.processes import end_with_parent

NOTHING: Final = "bench.nothing"
TICKS: Final = "BENCH_TICKS"


def relay(settings: Settings) -> None:
    run(bench_container(settings))


def worker(settings: Settings) -> None:
    run_celery_worker(settings, bench_container)


def worker_alone(settings: Settings) -> None:
    run_celery_worker(settings, alone_container)


def nothing(settings: Settings) -> None:
    """Run tasks that leave one byte behind, by which they are counted, and do nothing else."""
    ticks = os.open(os.environ[TICKS], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    celery = create_celery(
        settings.celery_broker_url.get_secret_value() if settings.celery_broker_url else "",
        name=settings.short_name,
        visibility_timeout=settings.event_queue_seconds,
    )

    def tick() -> None:
        os.write(ticks, b".")

    celery.task(name=NOTHING)(tick)
    celery.Worker(
        pool="prefork",
        concurrency=settings.event_processes,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    ).start()


ROLES: Final[dict[str, Callable[[Settings], None]]] = {
    "relay": relay,
    "worker": worker,
    "worker_alone": worker_alone,
    "nothing": nothing,
}

if __name__ == "__main__":
    end_with_parent()
    settings = load_settings()
    configure_logging(level=settings.log_level, json_lines=False)
    ROLES[sys.argv[1]](settings)
