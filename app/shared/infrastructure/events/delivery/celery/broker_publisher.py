"""Sends messages to the broker."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from celery import Celery

from app.shared.infrastructure.events.delivery.celery.broker import TASK, broker_queues

LONGEST_SECONDS: Final = 5.0
"""The time limit for each step of sending: connecting, writing, and the broker's confirmation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a worker is asked to start: the ids of deliveries and the tokens of their claims.

    The limits are in seconds. After the soft one the runs are cancelled; after the hard one the
    process is killed.
    """

    pairs: list[tuple[int, int]]
    soft_limit: float
    hard_limit: float
    queue: str
    is_high: bool = False


class BrokerPublisher:
    """One connection to the broker, made when it is needed. It blocks, so it runs in a thread."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._connection: Any = None

    def send(self, messages: Sequence[Message]) -> tuple[int, Exception | None]:
        """Return how many messages were sent, and the error of the next one."""
        for sent, message in enumerate(messages):
            try:
                self._send(message)
            except Exception as error:  # noqa: BLE001 - each transport has its own errors
                return sent, error
        return len(messages), None

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it may be closed already
                connection.close()

    def _send(self, message: Message) -> None:
        if self._connection is not None:
            try:
                return self._publish(message)
            except Exception:  # noqa: BLE001 - perhaps only this connection is broken
                self.close()
        try:
            self._connect()
            self._publish(message)
        except Exception:
            self.close()
            raise

    def _connect(self) -> None:
        waits = {
            "socket_timeout": LONGEST_SECONDS,  # Redis
            "read_timeout": LONGEST_SECONDS,  # RabbitMQ
            "write_timeout": LONGEST_SECONDS,
        }
        self._connection = self._celery.connection_for_write(
            # The connection may be silent for hours, so it has no heartbeat to miss.
            heartbeat=0,
            connect_timeout=LONGEST_SECONDS,
            transport_options=waits,
        )
        self._connection.ensure_connection(max_retries=0, timeout=LONGEST_SECONDS)

    def _publish(self, message: Message) -> None:
        self._celery.send_task(
            TASK,
            args=[message.pairs],
            soft_time_limit=message.soft_limit,
            time_limit=message.hard_limit,
            queue=broker_queues(self._celery, message.queue)[message.is_high],
            connection=self._connection,
            retry=False,
        )
