"""Measuring in rounds, and being stopped in good order."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from uvicorn.loops.auto import auto_loop_factory

Measured = TypeVar("Measured")


async def rounds(
    measurements: Mapping[str, Callable[[], Awaitable[Measured]]], *, count: int
) -> dict[str, list[Measured]]:
    """Measure everything once in each round, so that a bad moment hits all alike."""
    measured: dict[str, list[Measured]] = {name: [] for name in measurements}
    for number in range(count + 1):
        for name, measure in measurements.items():
            say(f"round {number} of {count}: {name}", end="\033[K\r")
            values = await measure()
            if number > 0:  # before the first one nothing is connected, prepared, cached
                measured[name].append(values)
    return measured


def say(what: str, *, end: str = "\n") -> None:
    """Tell whoever waits, apart from what is to be kept."""
    print(what, end=end, file=sys.stderr, flush=True)


def run_in_folder(
    benchmark: Callable[[Path], Awaitable[None]],
    *,
    explained: Mapping[type[Exception], Callable[[Exception, Path], str]],
) -> None:
    """Run it in a folder that is gone afterwards; end with a sentence if it fails as foreseen."""

    async def run(folder: Path) -> None:
        if task := asyncio.current_task():  # what Ctrl-C does by itself
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await benchmark(folder)

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        try:
            with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:  # the API's kind
                runner.run(run(folder))
        except (KeyboardInterrupt, asyncio.CancelledError):
            sys.exit("\nStopped; everything that was started is gone.")
        except tuple(explained) as error:
            sys.exit(f"\n{explained[type(error)](error, folder)}")
