"""Telling the outside what happened, as handlers know it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """One fact. `data` holds ids: whoever wants more asks the API, which checks who they are."""

    id: UUID
    type: str
    timestamp: dt.datetime
    data: Mapping[str, Any]


class Webhook(Protocol):
    async def post(self, message: WebhookMessage, /, *, key: str) -> None:
        """Send it; `key` is that of the delivery, the same for every attempt.

        Raises what a handler may let through: Retry, Discard (nobody wants to be told any more),
        DeadLetter (it will never be accepted), or any other error for another attempt.
        """
        ...
