"""Celery's worker, for deliveries."""

import logging
import os
import warnings
from collections.abc import Collection
from typing import Any, ClassVar

import structlog
from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning
from celery.utils.log import current_process_index
from celery.worker import consumer

from app.shared.infrastructure.events.delivery.celery.broker import TASK, broker_queues
from app.shared.infrastructure.events.delivery.celery.watchdog import Watchdog
from app.shared.infrastructure.events.delivery.celery.worker_process import (
    OpenService,
    WorkerProcess,
)

log = structlog.get_logger(__name__)


class Consumer(consumer.Consumer):  # type: ignore[misc]  # Celery has no types
    """Celery's own consumer, without the thirty delay queues that it creates on RabbitMQ."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc]
        default_steps: ClassVar = [
            step
            for step in consumer.Consumer.Blueprint.default_steps
            if not step.endswith(":DelayedDelivery")
        ]


def run_celery_worker(
    celery: Celery,
    open_service: OpenService,
    *,
    queues: Collection[str],
    processes: int,
    watchdog_seconds: float,
) -> int:
    """Run deliveries of some queues until the process is stopped; return its exit code.

    The service is opened only in the forked processes.
    """
    worker_processes: list[WorkerProcess] = []

    def deliver(pairs: list[tuple[int, int]]) -> None:
        worker_processes[0].run(pairs)

    def begin(**_: Any) -> None:
        try:
            # A process that replaces an ended one gets its number.
            worker_processes.append(
                WorkerProcess(open_service, number=current_process_index(base=0))
            )
        except Exception:  # Celery would log it and continue
            log.exception("worker process can't begin")
            os._exit(1)

    def end(**_: Any) -> None:
        worker_processes.pop().close()

    def watch(**_: Any) -> None:
        log.info("worker ready", processes=processes)
        Watchdog(celery, seconds=watchdog_seconds).start()

    celery.task(name=TASK)(deliver)
    signals.setup_logging.connect(_keep_logging)
    signals.worker_process_init.connect(begin, weak=False)
    signals.worker_process_shutdown.connect(end, weak=False)
    signals.worker_ready.connect(watch, weak=False)
    worker = celery.Worker(
        pool="prefork",
        concurrency=processes,
        queues=[name for queue in queues for name in broker_queues(celery, queue)],
        consumer_cls=Consumer,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _keep_logging(**_: Any) -> None:
    """Log as the service does. The deliveries log better what Celery logs about each message."""
    logging.getLogger("celery").setLevel(max(logging.WARNING, logging.getLogger().level))
    # At each lost connection Celery recommends to cancel running work; we decided against that.
    warnings.simplefilter("ignore", CPendingDeprecationWarning)
