"""Counting in memory: moving windows, and no more of them than are in use."""

import asyncio
import tracemalloc

import pytest

from app.core.limits import Limit, TooManyRequests
from app.shared.infrastructure.limits.local import PURGE_FROM, LocalLimiter
from tests.support.watch import Watch

THREE = Limit("three", 3, per=60)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def limiter(watch: Watch) -> LocalLimiter:
    return LocalLimiter(now=watch)


async def hits(limiter: LocalLimiter, count: int, whom: str = "ana") -> int:
    """How many of so many at once get through."""
    tried = (limiter.hit(THREE, whom) for _ in range(count))
    results = await asyncio.gather(*tried, return_exceptions=True)
    assert all(result is None or isinstance(result, TooManyRequests) for result in results)
    return results.count(None)


async def test_of_many_at_once_as_many_get_through_as_may(limiter: LocalLimiter) -> None:
    assert await hits(limiter, 50) == 3
    assert await hits(limiter, 50, "bruno") == 3


async def test_over_the_edge_of_a_window_there_are_no_more_than_within_it(
    limiter: LocalLimiter, watch: Watch
) -> None:
    watch.seconds += 59
    assert await hits(limiter, 5) == 3
    watch.seconds += 2
    assert await hits(limiter, 5) == 0
    watch.seconds += 58
    assert await hits(limiter, 5) == 3


async def test_a_refusal_says_when_the_oldest_is_forgotten(
    limiter: LocalLimiter, watch: Watch
) -> None:
    await limiter.hit(THREE, "ana")
    watch.seconds += 10
    await hits(limiter, 2)
    with pytest.raises(TooManyRequests) as refused:
        await limiter.check(THREE, "ana")
    assert refused.value.retry_after_seconds == 50


async def test_looking_counts_nothing(limiter: LocalLimiter) -> None:
    for _ in range(10):
        await limiter.check(THREE, "ana")
    assert await hits(limiter, 5) == 3


async def test_who_is_forgotten_begins_anew(limiter: LocalLimiter) -> None:
    await hits(limiter, 5)
    await limiter.forget(THREE, "ana")
    assert await hits(limiter, 5) == 3


async def test_who_stands_in_for_others_is_stricter_and_never_shut() -> None:
    limiter = LocalLimiter(0.5)
    assert await hits(limiter, 5) == 1
    await limiter.hit(Limit("one", 1, per=60), "ana")


async def test_what_is_over_takes_no_room(limiter: LocalLimiter, watch: Watch) -> None:
    for round_ in range(20):
        for whom in range(PURGE_FROM):
            await limiter.hit(THREE, f"{round_}-{whom}")
        watch.seconds += 61
    assert len(limiter._windows) <= PURGE_FROM + 1


# --- More callers than there is room for ----------------------------------------------------------

MOST_BYTES = 800_000  # some 2,000 callers


@pytest.fixture
def small(watch: Watch) -> LocalLimiter:
    return LocalLimiter(now=watch, most_bytes=MOST_BYTES)


async def crowd(limiter: LocalLimiter, watch: Watch) -> None:
    """Five times as many callers as fit, in less than the time of a window."""
    for number in range(10_000):
        await limiter.hit(THREE, f"2001:db8:{number:04x}:ffff::/64")
        watch.seconds += 0.005


async def test_a_crowd_takes_no_more_memory_than_there_is_for_it(
    small: LocalLimiter, watch: Watch
) -> None:
    tracemalloc.start()
    try:
        await crowd(small, watch)
        taken, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < MOST_BYTES


async def test_who_has_reached_a_limit_is_not_forgotten_for_a_crowd(
    small: LocalLimiter, watch: Watch
) -> None:
    for number in range(500):
        await hits(small, 3, f"guesser {number}")
    await crowd(small, watch)
    refused = [await hits(small, 1, f"guesser {number}") for number in range(500)]
    assert refused == [0] * 500
    assert await hits(small, 5, "ana") == 3


async def test_who_comes_to_a_crowd_that_has_all_reached_its_limits_shares_one_count(
    small: LocalLimiter, watch: Watch
) -> None:
    for number in range(5_000):
        await hits(small, 3, f"guesser {number}")
    assert sum([await hits(small, 1, f"newcomer {number}") for number in range(50)]) <= 3
    assert await hits(small, 1, "guesser 0") == 0
    watch.seconds += 61
    assert await hits(small, 5, "newcomer 0") == 3
