"""Notices a deaf worker: it believes that it is connected, but receives nothing."""

import os
import threading
import time

import structlog
from celery import Celery, signals
from celery.worker import state

log = structlog.get_logger(__name__)


class Watchdog:
    """Ends the process if messages wait, nothing runs, and none was received for so long.

    A supervisor starts the process again. The watchdog checks the queues, not the database: this
    worker must receive the messages there, whatever the relays do.
    """

    def __init__(self, celery: Celery, *, seconds: float) -> None:
        self._celery, self._seconds = celery, seconds
        self._well_at = time.monotonic()

    def start(self) -> None:
        signals.task_received.connect(self._is_well, weak=False)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _is_well(self, **_: object) -> None:
        self._well_at = time.monotonic()

    def _watch(self) -> None:
        while time.monotonic() - self._well_at < self._seconds:
            time.sleep(self._seconds / 4)
            if state.active_requests or not self._waiting():
                self._is_well()
        log.critical("worker deaf: messages wait and none arrives")
        os._exit(1)

    def _waiting(self) -> int:
        """Return how many messages no worker has received; 0 if the broker gives no number."""
        try:
            with self._celery.connection_for_read() as connection:
                connection.ensure_connection(max_retries=0)
                # The queue is declared, not only looked up: on Redis a look-up ignores the prefix.
                bound = [
                    queue.bind(connection.default_channel)
                    for queue in self._celery.amqp.queues.consume_from.values()
                ]
                return sum(int(queue.queue_declare().message_count) for queue in bound)
        except Exception:  # noqa: BLE001 - each transport has its own errors
            return 0
