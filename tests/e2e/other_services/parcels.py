"""Parcels: what one costs is asked of a carrier, and a partner is told of each that was sent."""

from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

import orjson
from dependency_injector.providers import Dependency, List, Object, Singleton
from pydantic import Field

from app.config.url_types import WebUrl
from app.config.webhook_settings import WebhookSettings
from app.container import ApplicationContainer
from app.core.exceptions import Unavailable
from app.shared.application.base_usecase import Clock
from app.shared.application.http import AnswerTooLarge, CircuitOpen, HttpClient, NoAnswer
from app.shared.application.webhook import EventWebhook, webhook
from app.shared.container import module
from app.shared.domain.events import DomainEvent
from app.shared.factories import event_webhook
from app.shared.module_container import ModuleContainer


class ParcelSettings(WebhookSettings):
    """Parcels."""

    prefix = "PARCEL_"

    carrier_url: WebUrl = Field(
        "https://carrier.example.com",
        description="The carrier that is asked for prices.",
        examples=["https://carrier.example.com"],
    )


class CarrierAway(Unavailable):
    """The carrier does not answer, or not with a price."""

    code = "carrier_away"
    message = "The carrier does not answer right now; try again in a moment."


@dataclass(frozen=True, slots=True)
class AskPrice:
    http_client: HttpClient
    carrier_url: str

    async def execute(self, kilograms: int) -> Decimal:
        """Return what the carrier asks for a parcel. Raises CarrierAway."""
        try:
            answer = await self.http_client.send("GET", f"{self.carrier_url}/prices/{kilograms}")
            if answer.status == HTTPStatus.OK:
                return Decimal(orjson.loads(answer.body)["price"])
        except (NoAnswer, AnswerTooLarge, CircuitOpen) as error:
            raise CarrierAway from error
        raise CarrierAway


@dataclass(frozen=True, slots=True)
class ParcelSent(DomainEvent):
    """A parcel is on its way."""

    type: ClassVar = "parcel.sent"

    parcel_id: UUID
    kilograms: int


@webhook(ParcelSent, id="parcel.webhook")
class ParcelWebhook(EventWebhook):
    """Tells the partner which parcels were sent."""


class ParcelContainer(ModuleContainer):
    settings: Dependency[ParcelSettings] = Dependency(instance_of=ParcelSettings)
    http_client: Dependency[HttpClient] = Dependency()
    clock: Dependency[Clock] = Dependency()

    ask_price: Singleton[AskPrice] = Singleton(
        AskPrice, http_client=http_client, carrier_url=settings.provided.carrier_url
    )
    events = Object((ParcelSent,))
    handlers = List(Singleton(event_webhook, ParcelWebhook, settings, http_client, clock))


class WithParcels(ApplicationContainer):
    parcel = module(ParcelContainer)
