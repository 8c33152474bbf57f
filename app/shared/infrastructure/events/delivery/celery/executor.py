"""Sends deliveries to Celery's workers: the relay's side."""

import asyncio
import math
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import structlog
from celery import Celery

from app.core.events import EventRegistry
from app.core.run_limits import DEFAULT_QUEUE
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.celery.broker_publisher import (
    BrokerPublisher,
    Message,
)
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.deliveries import SENT_AT_ONCE
from app.shared.infrastructure.events.delivery.groups import divided
from app.shared.infrastructure.events.delivery.leases import IN_FLIGHT
from app.shared.infrastructure.events.delivery.places import Places, at_once, places_of

log = structlog.get_logger(__name__)

CLAIMED_AT_ONCE: Final = 200
PAUSE_SECONDS: Final = 2.0
REFUND_SECONDS: Final = 1.0
USUAL_TIMEOUT_SECONDS: Final = 30.0


class CeleryExecutor:
    """Sends claimed deliveries to the broker, up to a limit of messages that are on their way.

    The rest waits in the database, which records what is to be done; a message only says that it is
    time. A lost message is sent again when the lease ends. While the broker is down, the relay
    claims nothing, except one delivery now and then, to see whether the broker is back.
    """

    counts_attempts = False  # a claim is only sent: a day without workers costs no attempt

    def __init__(
        self,
        database: Database,
        registry: EventRegistry,
        celery: Celery,
        *,
        lease: float,
        queues: Collection[str],
        in_flight: int,
        concurrency: int,
        grace: float = 10.0,
    ) -> None:
        """`in_flight` is for each queue, `concurrency` is that of one worker process. `grace` is
        the time in seconds that a message gets beyond that of its handlers before it is stopped.
        """
        self._database, self._registry, self.lease = database, registry, lease
        self._in_flight, self._concurrency, self._grace = in_flight, concurrency, grace
        self._publisher = BrokerPublisher(celery)
        self._queues = queues
        self._left_alone_until = 0.0
        self._is_away = False

    async def places(self) -> list[Places]:
        """Return how many more deliveries of each queue it would send."""
        if time.monotonic() < self._left_alone_until:
            return []
        rows = await self._database.fetch_all(IN_FLIGHT, {})
        most = 1 if self._is_away else CLAIMED_AT_ONCE
        found = places_of(
            self._registry,
            dict.fromkeys(self._queues, self._in_flight),
            {row["handler"]: row["count"] for row in rows},
            of_one_process=False,
        )
        return [replace(each, free=min(most, each.free)) for each in found]

    async def start(self, deliveries: Sequence[Claim], /) -> None:
        """Send what was claimed, or return it."""
        parts = divided(deliveries, size=lambda _: SENT_AT_ONCE, attempts_of_fresh=0)
        messages = [self._message(each) for each in parts]
        messages.sort(key=lambda message: not message.is_high)
        if messages:
            sent, error = await asyncio.to_thread(self._publisher.send, messages)
            self._note(error)
            await self._refund([pair for message in messages[sent:] for pair in message.pairs])

    async def finish(self) -> None:
        """Wait for nothing: deliveries run elsewhere."""

    async def stop(self) -> None:
        """Close the connection to the broker. The workers own what was sent."""
        await asyncio.to_thread(self._publisher.close)

    def _message(self, batch: list[Claim]) -> Message:
        handler = self._registry.handler(batch[0].handler)
        timeout = handler.subscription.timeout if handler else USUAL_TIMEOUT_SECONDS
        rounds = math.ceil(len(batch) / at_once(handler, places=self._concurrency))
        soft = timeout * rounds + self._grace
        return Message(
            pairs=[(claim.id, claim.token) for claim in batch],
            soft_limit=soft,
            hard_limit=soft + self._grace,
            queue=handler.subscription.queue_name if handler else DEFAULT_QUEUE,
            is_high=handler is not None and handler.subscription.priority == "high",
        )

    async def _refund(self, pairs: Sequence[tuple[int, int]]) -> None:
        if not pairs:
            return
        refunds = [
            {"held": id, "with_token": token, "delay": REFUND_SECONDS} for id, token in pairs
        ]
        async with self._database.transaction() as connection:
            await connection.execute_many(deliveries.REFUND, refunds)
            await connection.commit()

    def _note(self, error: Exception | None) -> None:
        """Leave a broker alone while it is down; log each outage once, and its end."""
        if error is not None:
            self._left_alone_until = time.monotonic() + PAUSE_SECONDS
        if error is not None and not self._is_away:
            log.warning("broker away, deliveries wait", reason=type(error).__name__)
        elif error is None and self._is_away:
            log.info("broker back")
        self._is_away = error is not None
