"""One of the processes that Celery's worker forks: an event loop, and the service in it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final, TypeAlias

import structlog
from celery.exceptions import Reject, SoftTimeLimitExceeded
from uvicorn.loops.auto import auto_loop_factory

from app.core.exceptions import Unavailable
from app.shared.infrastructure.events.delivery.celery.delivery_batch import DeliveryBatch

log = structlog.get_logger(__name__)

PAUSE_SECONDS: Final = 1.0
LONGEST_END_SECONDS: Final = 5.0

OpenService: TypeAlias = Callable[[int], AbstractAsyncContextManager[Callable[[], DeliveryBatch]]]
"""Opens the service in the process of that number, and returns what makes a batch of deliveries."""


class WorkerProcess:
    """Runs messages in its own event loop, in its own thread.

    The main thread is Celery's. Signals interrupt it when a time limit is over or the worker stops.
    If the loop ran there, an interruption would leave its transactions open.
    """

    def __init__(self, open_service: OpenService, *, number: int) -> None:
        self._loop = auto_loop_factory()()
        threading.Thread(target=self._loop.run_forever, name="deliveries", daemon=True).start()
        self._service = open_service(number)
        self._new_batch = self._start(self._service.__aenter__()).result()

    def run(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Run the deliveries of a message to the end. Raises Reject if it should come again."""
        batch = self._new_batch()
        try:
            running = self._start(batch.run(pairs))
            running.result()
        except SoftTimeLimitExceeded:
            self._loop.call_soon_threadsafe(lambda: batch.stop(is_late=True))
            # This may take any time: if it never ends, the hard limit ends the process.
            _end(running, None)
        except Unavailable as error:
            log.warning("deliveries wait", reason=error.code)
            self._start(asyncio.sleep(PAUSE_SECONDS)).result()
            raise Reject(error.code, requeue=True) from None
        except BaseException:  # the worker is being stopped
            self._loop.call_soon_threadsafe(batch.stop)
            _end(running, LONGEST_END_SECONDS)
            raise

    def close(self) -> None:
        closed = self._start(self._service.__aexit__(None, None, None))
        _end(closed, LONGEST_END_SECONDS)

    def _start(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _end(running: Future[Any], seconds: float | None) -> None:
    with suppress(CancelledError, TimeoutError, Unavailable):
        running.result(seconds)
