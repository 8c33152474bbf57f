"""A broker may be away, or lose its messages: the database is the record."""

import asyncio

import pytest

from app.container import ApplicationContainer
from app.shared.infrastructure.events.delivery.celery import broker_publisher
from app.shared.infrastructure.events.delivery.celery.broker import forget_messages
from tests.integration.events.celery.conftest import executor_of
from tests.support.brokers import Broker, waiting_in
from tests.support.probe.module import Kept
from tests.support.probe.world import World, until


@pytest.mark.usefixtures("worker_process")
async def test_lost_messages_are_sent_again(
    world: World, unheard_relay: ApplicationContainer
) -> None:
    for _ in range(30):
        await world.publish(Kept)
    await unheard_relay.engine().step()
    assert await world.states() == ["claimed"] * 30
    assert await asyncio.to_thread(waiting_in, unheard_relay.celery()) >= 2

    await asyncio.to_thread(forget_messages, unheard_relay.celery())
    assert await asyncio.to_thread(waiting_in, unheard_relay.celery()) == 0
    async with world.container.engine().running():
        await until(lambda: world.are(["done"] * 30))

    assert await world.effects() == [1] * 30
    assert {row["attempts"] for row in await world.deliveries()} == {1}


@pytest.mark.usefixtures("relay")
async def test_while_the_broker_is_unreachable_deliveries_wait_in_the_database(
    world: World, broker: Broker
) -> None:
    executor = executor_of(world)
    async with broker.proxy.away():
        for _ in range(30):
            await world.publish(Kept)
        await until(lambda: executor._is_away)
        await until(lambda: world.are(["ready"] * 30))
        assert await executor.places() == []
    await until(lambda: world.are(["done"] * 30))

    assert await world.effects() == [1] * 30
    assert {row["attempts"] for row in await world.deliveries()} == {1}


@pytest.mark.usefixtures("relay")
async def test_a_silent_broker_counts_as_unreachable(
    world: World, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_publisher, "LONGEST_SECONDS", 0.2)
    async with broker.proxy.mute():
        await world.publish(Kept)
        await until(lambda: executor_of(world)._is_away)
        await until(lambda: world.are(["ready"]))
    await until(lambda: world.are(["done"]))


@pytest.mark.usefixtures("relay")
async def test_a_broker_outage_without_events_causes_no_error(world: World, broker: Broker) -> None:
    await world.publish(Kept)
    await until(lambda: world.are(["done"]))
    before = executor_of(world)._left_alone_until
    async with broker.proxy.away():
        pass
    await world.publish(Kept)
    await until(lambda: world.are(["done", "done"]))

    assert executor_of(world)._left_alone_until == before


async def test_the_number_of_sent_deliveries_is_limited(
    world: World, unheard_relay: ApplicationContainer
) -> None:
    for _ in range(40):
        await world.publish(Kept)
    for _ in range(3):
        await unheard_relay.engine().step()

    states = await world.states()
    # Without the deliveries of schedules, which are claimed too.
    assert 20 < states.count("claimed") <= 30
    assert states.count("ready") == 40 - states.count("claimed")
