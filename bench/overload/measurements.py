"""What the service does at three times its capacity, and before and after."""

import asyncio
import gc
from dataclasses import dataclass
from typing import Final

from bench.overload import load
from bench.overload.load import OK, REFUSED, Outcome, offer, steady, with_bursts
from bench.overload.mixes import HEALTH, REFRESH, Mix
from bench.rounds import say

TIMES: Final = 3
"""How many times the capacity is asked for."""
PROBES_A_SECOND: Final = 10
AFTER_SECONDS: Final = 8.0
GOOD_AGAIN: Final = 0.5
"""The load after the overload, as a part of the capacity; and so much is usual."""


@dataclass(frozen=True, slots=True)
class Size:
    peak: float
    overload: float
    usual: float


FULL: Final = Size(peak=10, overload=60, usual=30)
QUICK: Final = Size(peak=3, overload=8, usual=6)


async def measure(port: int, mix: Mix, size: Size) -> dict[str, float]:
    """Return what a mix shows, by the names of the lines.

    No garbage is collected meanwhile. The generator keeps so many objects that its requests would
    wait for the collector, and the service would be blamed.
    """
    gc.disable()
    try:
        return await _measure(port, mix, size)
    finally:
        gc.enable()


async def _measure(port: int, mix: Mix, size: Size) -> dict[str, float]:
    say(f"{mix.name}: the capacity …")
    capacity = await load.peak(port, mix.requests, callers=mix.callers, seconds=size.peak)
    say(f"{mix.name}: {capacity:.0f} a second; usual load with bursts …")
    moments = with_bursts(0.6 * capacity, 2 * capacity, size.usual)
    usual = await offer(port, mix.requests, moments)
    say(f"{mix.name}: {TIMES} times the capacity …")
    overloaded, health, critical = await asyncio.gather(
        offer(port, mix.requests, steady(TIMES * capacity, size.overload)),
        offer(port, [HEALTH], steady(PROBES_A_SECOND, size.overload)),
        offer(port, [REFRESH], steady(PROBES_A_SECOND, size.overload)),
    )
    say(f"{mix.name}: and after it …")
    after = await offer(port, mix.requests, steady(GOOD_AGAIN * capacity, AFTER_SECONDS))
    busy = max(usual.busy, overloaded.busy)
    return {
        "peak": capacity,
        "goodput": overloaded.goodput / capacity,
        "refusals": overloaded.p99(REFUSED) * 1_000,
        "answers": overloaded.p99(*OK) * 1_000,
        "late": 100 * overloaded.count(load.LATE) / len(overloaded.sent),
        "health": health.p99(*OK) * 1_000,
        "critical": 100 * min(health.share(is_answered), critical.share(is_answered)),
        "recovery": seconds_until_good(after),
        "shed": usual.count(REFUSED) + usual.count(load.LATE),
        "busy": busy,
    }


def is_answered(status: int) -> bool:
    return load.LATE < status < 500  # noqa: PLR2004 - of the service's own errors


def seconds_until_good(after: Outcome) -> float:
    """Return when the last request came that was not answered well."""
    start = min(each.at for each in after.sent)
    return max((each.at - start for each in after.sent if each.status not in OK), default=0.0)
