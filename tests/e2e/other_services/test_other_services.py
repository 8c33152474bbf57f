"""A module asks another service, and tells one of its events, as docs/http-client.md shows."""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import httpx2
import pytest
import stamina
from pydantic import SecretStr
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from app.config.settings import Settings
from app.shared.application.http import AddressRefused
from app.shared.composition import opened
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.external import http_client
from tests.e2e.other_services.parcels import (
    AskPrice,
    CarrierAway,
    ParcelSent,
    ParcelSettings,
    WithParcels,
)
from tests.support.module_settings import loader_of, problems_of
from tests.support.webhook_receiver import HANG_UP, NEVER, Receiver, Reply, receiving

KEY = "whsec_" + "QUJD" * 8
MOMENT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


@dataclass(eq=False, kw_only=True, slots=True)
class Parcel(AggregateRoot):
    aggregate_type: ClassVar = "parcel"


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def parcels(settings: Settings, **of_module: Any) -> AsyncIterator[WithParcels]:
    """The service with the module, in which nothing is delivered by itself."""
    of_parcels = ParcelSettings(_env_file=None, **of_module)
    container = WithParcels.build(settings.with_modules(of_parcels))
    async with opened(container):
        yield container


async def send_parcel(container: WithParcels) -> UUID:
    """Publish the event, and deliver it; return the parcel's id."""
    parcel = Parcel(id=new_id(), version=1, created_at=MOMENT, updated_at=MOMENT)
    parcel.record(ParcelSent(parcel.id, 3))
    collector = EventCollector(container.registry())
    collector.collect(parcel)
    async with container.database().transaction() as connection:
        await collector.write(connection)
        await connection.commit()
    await container.engine().drain()
    return parcel.id


async def states_of(container: WithParcels, parcel_id: UUID) -> list[int]:
    of_parcel = select(event_delivery.c.state).where(event_delivery.c.stream_id == parcel_id)
    rows = await container.database().fetch_all(Statement(of_parcel), {})
    return [row["state"] for row in rows]


# --- A use case that asks another service ---------------------------------------------------------


async def test_a_use_case_gets_the_answer_of_another_service(
    settings: Settings, receiver: Receiver
) -> None:
    receiver.answers(Reply(503, {"Retry-After": "1"}), Reply(200, body=b'{"price": "12.50"}'))
    async with parcels(settings) as container:
        ask = AskPrice(container.http_client().inside(), receiver.url(""))
        assert await ask.execute(3) == Decimal("12.50")
    assert [request.target for request in receiver.received] == ["/prices/3"] * 2


@pytest.mark.parametrize("reply", [HANG_UP, NEVER, Reply(500), Reply(302)], ids=repr)
async def test_a_service_that_gives_no_answer_is_told_apart(
    settings: Settings, receiver: Receiver, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUTS", httpx2.Timeout(0.1))
    receiver.answers(reply)
    async with parcels(settings) as container:
        ask = AskPrice(container.http_client().inside(), receiver.url(""))
        with pytest.raises(CarrierAway):
            await ask.execute(3)


async def test_a_use_case_reaches_no_private_address_by_itself(
    settings: Settings, receiver: Receiver
) -> None:
    async with parcels(settings, carrier_url=receiver.url("", scheme="https")) as container:
        with pytest.raises(AddressRefused):
            await container.parcel.ask_price().execute(3)
    assert receiver.received == []


# --- A module that tells another service ----------------------------------------------------------


async def test_the_address_of_the_settings_is_told_of_each_event(
    settings: Settings, receiver: Receiver
) -> None:
    async with parcels(
        settings,
        webhook_url=receiver.url("/parcels"),
        webhook_key=SecretStr(KEY),
        webhook_allow_private=True,
    ) as container:
        parcel_id = await send_parcel(container)
        assert await states_of(container, parcel_id) == [DeliveryState.DONE]

    [request] = receiver.received
    message = Webhook(KEY).verify(request.body, request.headers)
    assert (request.target, message["type"]) == ("/parcels", "parcel.sent")
    assert message["data"] == {"parcel_id": str(parcel_id), "kilograms": 3}


async def test_without_an_address_nothing_is_written_for_it(settings: Settings) -> None:
    async with parcels(settings) as container:
        parcel_id = await send_parcel(container)
        assert await states_of(container, parcel_id) == []


@pytest.mark.parametrize("reply", [Reply(503), HANG_UP, Reply(404)], ids=repr)
async def test_what_the_receiver_does_not_accept_stays(
    settings: Settings, receiver: Receiver, reply: Reply
) -> None:
    receiver.answers(reply)
    async with parcels(
        settings,
        webhook_url=receiver.url(),
        webhook_key=SecretStr(KEY),
        webhook_allow_private=True,
    ) as container:
        parcel_id = await send_parcel(container)
        expected = DeliveryState.DEAD if reply.status == 404 else DeliveryState.READY
        assert await states_of(container, parcel_id) == [expected]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"PARCEL_WEBHOOK_URL": "https://partner.example.com"},
            "PARCEL_WEBHOOK_KEY is missing: it signs the webhooks to PARCEL_WEBHOOK_URL",
        ),
        (
            {"PARCEL_WEBHOOK_URL": "http://partner.example.com", "PARCEL_WEBHOOK_KEY": KEY},
            "PARCEL_WEBHOOK_URL must be https, except in a network of your own; for example: ",
        ),
        (
            {"PARCEL_WEBHOOK_URL": "partner"},
            "PARCEL_WEBHOOK_URL: must be like https://host/path",
        ),
        (
            {"PARCEL_WEBHOOK_KEY": "secret"},
            "PARCEL_WEBHOOK_KEY: must be whsec_ and the base64 of 24 to 64 random bytes",
        ),
    ],
)
def test_settings_that_make_no_sense_stop_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], told: str
) -> None:
    [problem] = problems_of(loader_of(monkeypatch, tmp_path, ParcelSettings), **variables)
    assert problem.startswith(told)
