"""A process that publishes wakes the engines of other processes over Redis, if there is one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.redis_notifier import RedisNotifier
from tests.support.brokers import Broker
from tests.support.probe.world import until

pytestmark = pytest.mark.parametrize("broker", ["redis"], indirect=True)
CHANNEL = "test:notify"
NOT_FOR_SO_LONG = 60


@asynccontextmanager
async def notifier(broker: Broker) -> AsyncIterator[RedisNotifier]:
    one = RedisNotifier(broker.url.get_secret_value(), channel=CHANNEL)
    try:
        yield one
    finally:
        await one.close()


@pytest.fixture
async def near(broker: Broker) -> AsyncIterator[RedisNotifier]:
    """The notifier of a process that publishes."""
    async with notifier(broker) as one:
        yield one


@pytest.fixture
async def far(broker: Broker) -> AsyncIterator[RedisNotifier]:
    """The notifier of a process that delivers."""
    async with notifier(broker) as one, one.listening():
        await woken(one)  # the notification that it gets when it begins to listen
        yield one


async def woken(one: Notifier) -> None:
    """Return when it is woken."""
    async with asyncio.timeout(10):
        await one.wait(NOT_FOR_SO_LONG)


async def test_an_engine_of_another_process_is_notified(
    near: RedisNotifier, far: RedisNotifier
) -> None:
    near.notify()
    await woken(far)


async def test_the_engine_of_this_process_is_notified(near: RedisNotifier) -> None:
    near.notify()
    await woken(near)


async def test_many_concurrent_commits_send_one_or_two_notifications(
    broker: Broker, near: RedisNotifier
) -> None:
    async with (
        Redis.from_url(broker.url.get_secret_value()) as client,
        client.pubsub(ignore_subscribe_messages=True) as channel,
    ):
        await channel.subscribe(CHANNEL)
        for _ in range(1000):
            near.notify()
        await near.close()  # when all notifications have been sent
        await client.publish(CHANNEL, "end")
        heard = []
        async for message in channel.listen():
            if message["data"] == b"end":
                break
            heard.append(message["data"])

    assert heard in ([b""], [b"", b""])


async def test_without_redis_commits_succeed(broker: Broker, near: RedisNotifier) -> None:
    async with broker.proxy.away():
        near.notify()
        await woken(near)
        await until(lambda: near._is_away)


async def test_a_silent_redis_gets_no_more_notifications(
    broker: Broker, near: RedisNotifier
) -> None:
    async with broker.proxy.mute():
        near.notify()
        await until(lambda: near._is_away and near._speaking is None)
        near.notify()
        assert near._speaking is None


async def test_notifications_arrive_again_when_redis_is_back(
    broker: Broker, near: RedisNotifier, far: RedisNotifier
) -> None:
    async with broker.proxy.away():
        near.notify()
        await until(lambda: near._is_away and far._is_away)
    await woken(far)  # the notification that it gets when it listens again

    async def is_heard() -> bool:
        near.notify()
        await near.wait(0.01)
        return not near._is_away

    await until(is_heard)
    await woken(far)
