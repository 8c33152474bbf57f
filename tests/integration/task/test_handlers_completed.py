"""The receiver of webhooks is notified of a completed task."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid5

import pytest
from pydantic import SecretStr

from app.modules.task.domain.entities import Task
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.integration.task.conftest import Inhabit
from tests.integration.task.world import NOW, World
from tests.support.webhook_receiver import HANG_UP, Receiver, Reply

HANDLER = "task.webhook_completed"
SIGNING_KEY = "whsec_" + "QUJD" * 8  # of ABC, eight times


@pytest.fixture
async def world(inhabit: Inhabit, receiver: Receiver) -> AsyncIterator[World]:
    async with inhabit(
        tasks={
            "webhook_url": receiver.url("/hook"),
            "webhook_key": SecretStr(SIGNING_KEY),
            "webhook_allow_private": True,
        }
    ) as world:
        yield world


@pytest.fixture
async def ana(world: World) -> UUID:
    return await world.somebody("ana")


async def complete(world: World, task: Task) -> None:
    await world.do(task, lambda stored: stored.complete(now=NOW), by=task.owner_id)


async def reopen(world: World, task: Task) -> None:
    await world.do(task, lambda stored: stored.reopen(now=NOW), by=task.owner_id)


async def test_the_receiver_gets_a_message_for_a_completed_task(
    world: World, ana: UUID, receiver: Receiver
) -> None:
    task = await world.a_task(ana)
    await complete(world, task)
    await world.deliver()

    [request] = receiver.received
    delivery = await world.one_delivery(HANDLER)
    assert delivery["state"] == DeliveryState.DONE
    assert json.loads(request.body) == {
        "id": str(delivery["event_id"]),
        "type": "task.completed",
        "timestamp": "2026-01-02T17:30:00.654321Z",
        "data": {"task_id": str(task.id)},
    }
    headers = request.headers
    assert headers["webhook-id"] == str(uuid5(delivery["event_id"], HANDLER))
    assert headers["x-request-id"] == "req-12345678"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    reckoned = hmac.new(b"ABC" * 8, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(reckoned).decode()}"


async def test_a_retry_has_the_same_id(world: World, ana: UUID, receiver: Receiver) -> None:
    receiver.answers(HANG_UP)
    await complete(world, await world.a_task(ana))
    await world.deliver()
    delivery = await world.one_delivery(HANDLER)
    assert (delivery["state"], delivery["attempts"]) == (DeliveryState.READY, 1)
    receiver.answers(Reply(204))
    await world.deliver_again()
    assert (await world.one_delivery(HANDLER))["state"] == DeliveryState.DONE
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    assert len(receiver.received) == 4


async def test_two_completions_of_one_task_are_two_messages(
    world: World, ana: UUID, receiver: Receiver
) -> None:
    task = await world.a_task(ana)
    await complete(world, task)
    await reopen(world, task)
    await complete(world, task)
    await world.deliver()
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 2


async def test_a_refused_message_is_dead_and_blocks_nothing(
    world: World, ana: UUID, receiver: Receiver
) -> None:
    receiver.answers(Reply(400), Reply(204))
    task = await world.a_task(ana)
    await complete(world, task)
    await reopen(world, task)
    await complete(world, task)
    await world.deliver()
    first, second = await world.deliveries(HANDLER)
    assert first["state"] == DeliveryState.DEAD
    assert first["last_error"] == "DeadLetter: the receiver answered 400"
    assert second["state"] == DeliveryState.DONE


async def test_a_receiver_that_answers_410_gets_no_retry(
    world: World, ana: UUID, receiver: Receiver
) -> None:
    receiver.answers(Reply(410))
    await complete(world, await world.a_task(ana))
    await world.deliver()
    await world.deliver_again()
    delivery = await world.one_delivery(HANDLER)
    assert delivery["state"] == DeliveryState.DONE
    assert delivery["last_error"] == "discarded: the receiver answered 410"
    assert len(receiver.received) == 1


async def test_without_a_url_no_delivery_is_created(inhabit: Inhabit) -> None:
    async with inhabit() as world:
        await complete(world, await world.a_task(await world.somebody("ana")))
        assert world.container.registry().handler(HANDLER) is None
        assert await world.deliveries(HANDLER) == []
