"""Counting in memory: moving windows, and only those in use."""

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
    """Return how many of so many concurrent hits succeed."""
    tried = (limiter.hit(THREE, whom) for _ in range(count))
    results = await asyncio.gather(*tried, return_exceptions=True)
    assert all(result is None or isinstance(result, TooManyRequests) for result in results)
    return results.count(None)


async def test_concurrent_hits_succeed_up_to_the_limit(limiter: LocalLimiter) -> None:
    assert await hits(limiter, 50) == 3
    assert await hits(limiter, 50, "bruno") == 3


async def test_the_limit_also_holds_across_the_boundary_of_windows(
    limiter: LocalLimiter, watch: Watch
) -> None:
    watch.seconds += 59
    assert await hits(limiter, 5) == 3
    watch.seconds += 2
    assert await hits(limiter, 5) == 0
    watch.seconds += 58
    assert await hits(limiter, 5) == 3


async def test_a_refusal_says_when_the_oldest_hit_expires(
    limiter: LocalLimiter, watch: Watch
) -> None:
    await limiter.hit(THREE, "ana")
    watch.seconds += 10
    await hits(limiter, 2)
    with pytest.raises(TooManyRequests) as refused:
        await limiter.check(THREE, "ana")
    assert refused.value.retry_after_seconds == 50


async def test_a_check_counts_nothing(limiter: LocalLimiter) -> None:
    for _ in range(10):
        await limiter.check(THREE, "ana")
    assert await hits(limiter, 5) == 3


async def test_a_reset_caller_begins_at_zero(limiter: LocalLimiter) -> None:
    await hits(limiter, 5)
    await limiter.forget(THREE, "ana")
    assert await hits(limiter, 5) == 3


async def test_a_replacement_limiter_is_stricter_and_never_zero() -> None:
    limiter = LocalLimiter(0.5)
    assert await hits(limiter, 5) == 1
    await limiter.hit(Limit("one", 1, per=60), "ana")


async def test_expired_windows_take_no_memory(limiter: LocalLimiter, watch: Watch) -> None:
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
    """Five times as many callers as fit, within less time than a window."""
    for number in range(10_000):
        await limiter.hit(THREE, f"2001:db8:{number:04x}:ffff::/64")
        watch.seconds += 0.005


async def test_many_callers_use_a_limited_amount_of_memory(
    small: LocalLimiter, watch: Watch
) -> None:
    tracemalloc.start()
    try:
        await crowd(small, watch)
        taken, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < MOST_BYTES


async def test_a_caller_that_reached_a_limit_is_kept_when_many_others_come(
    small: LocalLimiter, watch: Watch
) -> None:
    for number in range(500):
        await hits(small, 3, f"guesser {number}")
    await crowd(small, watch)
    refused = [await hits(small, 1, f"guesser {number}") for number in range(500)]
    assert refused == [0] * 500
    assert await hits(small, 5, "ana") == 3


async def test_new_callers_share_one_count_if_all_others_reached_a_limit(
    small: LocalLimiter, watch: Watch
) -> None:
    for number in range(5_000):
        await hits(small, 3, f"guesser {number}")
    assert sum([await hits(small, 1, f"newcomer {number}") for number in range(50)]) <= 3
    assert await hits(small, 1, "guesser 0") == 0
    watch.seconds += 61
    assert await hits(small, 5, "newcomer 0") == 3
