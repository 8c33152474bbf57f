"""Counting in Redis: shared while it is reachable, alone and stricter while it is not."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.core.limits import Limit, TooManyRequests
from app.shared.infrastructure.limits import redis
from app.shared.infrastructure.limits.redis import RedisLimiter
from tests.support.brokers import Broker, BrokerOf

TEN = Limit("ten", 10, per=300)


@pytest.fixture(scope="module")
async def server(broker_of: BrokerOf) -> AsyncIterator[Broker]:
    async with broker_of("redis") as broker:
        yield broker


@pytest.fixture
async def limiters(
    server: Broker, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[RedisLimiter]]:
    """The limiters of two processes."""
    monkeypatch.setattr(redis, "LONGEST_SECONDS", 5.0)  # a busy machine is no outage
    monkeypatch.setattr(redis, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(redis, "LONGEST_PAUSE_SECONDS", 0.1)
    url, prefix = server.url.get_secret_value(), f"test-{time.monotonic_ns()}"
    limiters = [RedisLimiter(url, prefix=prefix) for _ in range(2)]
    yield limiters
    for limiter in limiters:
        await limiter.close()


async def got_through(limiters: list[RedisLimiter], count: int, whom: str = "ana") -> int:
    """Return how many of so many succeed, sent at once to all limiters in turn."""
    tried = [limiters[n % len(limiters)].hit(TEN, whom) for n in range(count)]
    results = await asyncio.gather(*tried, return_exceptions=True)
    assert all(result is None or isinstance(result, TooManyRequests) for result in results)
    return results.count(None)


async def until_shared(limiters: list[RedisLimiter]) -> None:
    """Wait until both have found the server again."""
    async with asyncio.timeout(20):
        while any(limiter._is_away for limiter in limiters):
            await asyncio.sleep(0.05)
            for limiter in limiters:
                await limiter.check(TEN, "nobody")


async def test_processes_count_together_and_exactly(limiters: list[RedisLimiter]) -> None:
    assert await got_through(limiters, 50) == 10
    with pytest.raises(TooManyRequests) as refused:
        await limiters[1].check(TEN, "ana")
    assert 200 < refused.value.retry_after_seconds <= 300
    await limiters[0].check(TEN, "bruno")


async def test_a_reset_applies_to_all_processes(limiters: list[RedisLimiter]) -> None:
    await got_through(limiters, 20)
    await limiters[0].forget(TEN, "ana")
    assert await got_through(limiters[1:], 20) == 10


async def test_one_process_sees_the_counts_of_the_other(
    server: Broker, limiters: list[RedisLimiter]
) -> None:
    assert await limiters[1].counted(TEN, "ana") == 0
    await got_through(limiters, 3)
    assert await limiters[1].counted(TEN, "ana") == 3
    async with server.proxy.away():
        await got_through(limiters[:1], 1)
        assert await limiters[0].counted(TEN, "ana") == 1  # by itself
    await until_shared(limiters)


async def test_while_redis_is_unreachable_each_process_allows_half(
    server: Broker, limiters: list[RedisLimiter]
) -> None:
    async with server.proxy.away():
        assert await got_through(limiters[:1], 50) == 5
        assert await got_through(limiters[1:], 50) == 5
        with pytest.raises(TooManyRequests):
            await limiters[0].check(TEN, "ana")
        await limiters[0].forget(TEN, "ana")
        await limiters[0].check(TEN, "ana")
    await until_shared(limiters)
    assert await got_through(limiters, 50) == 10


async def test_while_redis_is_silent_only_one_call_waits_for_it(
    server: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = RedisLimiter(server.url.get_secret_value(), prefix="mute")
    monkeypatch.setattr(limiter._breaker, "_pause", 60.0)
    monkeypatch.setattr(limiter._breaker, "_longest", 60.0)
    await limiter.hit(TEN, "ana")
    async with server.proxy.mute():
        assert await got_through([limiter], 50) == 5
        waited = []
        for _ in range(100):
            before = time.perf_counter()
            await limiter.check(TEN, "bruno")
            waited.append(time.perf_counter() - before)
        assert sorted(waited)[98] < 0.02
    await limiter.close()


async def test_a_redis_that_lost_its_data_causes_no_error(
    server: Broker, limiters: list[RedisLimiter]
) -> None:
    await got_through(limiters, 20)
    async with Redis.from_url(server.url.get_secret_value()) as client:
        await client.flushall()
        await client.script_flush()
    assert await got_through(limiters, 20) == 10


async def test_a_full_redis_counts_as_unreachable(
    server: Broker, limiters: list[RedisLimiter]
) -> None:
    async with Redis.from_url(server.url.get_secret_value()) as client:
        await client.config_set("maxmemory", "1")
        try:
            assert await got_through(limiters[:1], 50) == 5
        finally:
            await client.config_set("maxmemory", "0")
