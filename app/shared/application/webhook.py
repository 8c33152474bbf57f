"""Webhooks, as handlers know them."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.core.context import current_work
from app.core.events import subscribe
from app.shared.domain.events import DomainEvent

W = TypeVar("W", bound="EventWebhook")


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


class EventWebhook:
    """A handler that tells another system what happened.

    @webhook(InvoiceSent, InvoicePaid, id="invoice.webhook")
    class InvoiceWebhook(EventWebhook): ...
    """

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def data(self, event: Any) -> Mapping[str, Any]:  # noqa: ANN401 - of the class that it is for
        """Return what the message says of an event: all of it, unless a derived class chooses."""
        return {field.name: getattr(event, field.name) for field in fields(event)}

    async def __call__(self, event: DomainEvent, key: str) -> None:
        work = current_work.get()
        if work.caused_by is None or work.caused_at is None:
            raise TypeError("called without a delivery")
        message = WebhookMessage(
            id=work.caused_by, type=event.type, timestamp=work.caused_at, data=self.data(event)
        )
        await self._webhook.post(message, key=key)


def webhook(*events: type[DomainEvent], id: str) -> Callable[[type[W]], type[W]]:
    """Have a webhook tell of events: as `subscribe`, tried again for most of a day."""
    return subscribe(
        *events, id=id, on_dead="skip", max_attempts=30, timeout=60.0, transactional=False
    )
