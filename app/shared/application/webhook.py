"""Webhooks, as handlers know them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """One fact. `data` has ids only: receivers ask the API for more, which checks their access."""

    id: UUID
    type: str
    timestamp: dt.datetime
    data: Mapping[str, Any]


class Webhook(Protocol):
    async def post(self, message: WebhookMessage, /, *, key: str) -> None:
        """Send it; `key` is the delivery's key, the same for every attempt.

        Raises errors that a handler may pass on: Retry, Discard (the receiver wants no more
        messages), DeadLetter (it will never be accepted), or any other error for another attempt.
        """
        ...
