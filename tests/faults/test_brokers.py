"""A broker that loses its messages, is away for a while, or delivers messages several times."""

import asyncio
import random
from functools import partial

import pytest
from sqlalchemy import delete

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.celery.broker_publisher import (
    BrokerPublisher,
    Message,
)
from tests.faults.conftest import Account, Rounds
from tests.faults.storm import MANY_STREAMS, Storm, balance, celery_worker, storm
from tests.support.brokers import Broker, waiting_in
from tests.support.probe.module import Sent, Shared
from tests.support.probe.shapes import is_settled
from tests.support.probe.world import World, until


async def test_hints_that_are_flushed_under_load_are_given_again(
    on_broker: World, broker: Broker, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    times = rounds(1, share=10)
    async with storm(on_broker, dice) as raging:
        await raging.begin(MANY_STREAMS)
        await raging.begin("deliver")
        group = await raging.employ()
        for _ in range(times):
            await raging.dismiss(group)
            # Nobody receives, so everything that was sent is still in flight.
            await until(lambda: is_something_in_flight(on_broker))
            await broker.forget(on_broker.container.celery())
            group = await raging.employ()
            await raging.last(1)

    account("broker flushed, hints in flight", times, await balance(on_broker))


async def test_a_broker_that_is_restarted_under_load_costs_nothing_but_time(
    on_broker: World, broker: Broker, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    times = rounds(1, share=10)
    async with storm(on_broker, dice) as raging:
        await raging.begin(MANY_STREAMS)
        await raging.begin("deliver")
        # Celery does not always reconnect to a Redis that was gone. Then its worker ends itself.
        await raging.employ(event_watchdog_seconds=2)
        for _ in range(times):
            await raging.last(1)
            await broker.restart()
            done = len(await on_broker.effects())
            await until(partial(goes_on, on_broker, raging, done))

    account("broker restarted", times, await balance(on_broker))


async def test_a_message_that_comes_three_times_and_again_when_its_row_is_gone_is_run_once(
    on_broker: World,
    dice: random.Random,
    rounds: Rounds,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times, messages, publish = rounds(1, share=10), list[Message](), BrokerPublisher._publish

    def publish_three_times(self: BrokerPublisher, message: Message) -> None:
        messages.append(message)
        for _ in range(3):
            publish(self, message)

    monkeypatch.setattr(BrokerPublisher, "_publish", publish_three_times)
    async with celery_worker(on_broker) as worker:
        async with on_broker.container.engine().running():
            for _ in range(30 * times):
                await on_broker.publish(dice.choice([Sent, Shared]), "do")
            await until(lambda: is_settled(on_broker), patience=10 + 10 * times)
        account("each message three times", times, await balance(on_broker))
        before = await on_broker.effects(), on_broker.folder.sent()

        await on_broker.execute(delete(event_delivery))
        broker_publisher = BrokerPublisher(on_broker.container.celery())
        late = dice.sample(messages, len(messages))
        assert await asyncio.to_thread(broker_publisher.send, late) == (len(late), None)
        await asyncio.to_thread(broker_publisher.close)
        await until(lambda: is_nothing_in_flight(on_broker))
        await worker.stop()  # the worker, which finishes what it has received

    assert (await on_broker.effects(), on_broker.folder.sent()) == before
    assert len({event for event, _ in before[1]}) == len(before[1])
    assert await on_broker.deliveries() == []


async def is_something_in_flight(world: World) -> bool:
    return await asyncio.to_thread(waiting_in, world.container.celery()) > 0


async def is_nothing_in_flight(world: World) -> bool:
    return not await is_something_in_flight(world)


async def goes_on(world: World, raging: Storm, done: int) -> bool:
    await raging.supervise()
    return len(await world.effects()) > done
