"""Processes of a benchmark, gone when it is, however it ends."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@asynccontextmanager
async def process(
    *command: str,
    environment: dict[str, str],
    log: Path,
    cores: Collection[int] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m …`, killed at the end of the block with all that it forked.

    It runs on the same cores as the benchmark itself, unless others are named.
    """
    with log.open("wb") as output:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *command,
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the benchmark
        )
    try:
        if cores is not None:  # so early that it has started nothing yet
            os.sched_setaffinity(started.pid, cores)
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        await started.wait()


def end_with_parent() -> None:
    """In such a process: end it when the benchmark is gone, kill -9 included."""

    def watch() -> None:
        # Ends when the other end of the pipe closes. Not sys.stdin: a fork would inherit its lock.
        os.read(sys.stdin.fileno(), 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
