"""Work that nobody waits for: for now, keeping house."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from app.container import ApplicationContainer
from app.core.exceptions import Unavailable

log = structlog.get_logger(__name__)

INTERVAL_SECONDS: Final = 3600


async def keep_house(container: ApplicationContainer, until: asyncio.Event) -> None:
    """Empty the bin and forget old sessions, now and every hour. Any number may do so at once."""
    chores = {
        "bin emptied": container.task.purge_bin(),
        "sessions forgotten": container.user.purge_sessions(),
    }
    while not until.is_set():
        for done, chore in chores.items():
            try:
                log.info(done, count=await chore.execute())
            except Unavailable as error:
                log.warning("chore put off", chore=done, reason=error.code)
            except Exception:
                log.exception("chore failed", chore=done)
        with suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), INTERVAL_SECONDS)


@asynccontextmanager
async def housekeeping(container: ApplicationContainer) -> AsyncIterator[None]:
    """Keep house in the background, for as long as the block runs."""
    over = asyncio.Event()
    task = asyncio.create_task(keep_house(container, until=over))
    try:
        yield
    finally:
        # Not cancelled: what it has begun, it ends, and no statement is left behind half-way.
        over.set()
        await task


async def run_worker(container: ApplicationContainer) -> None:
    """Keep house in a process of its own, until it is told to stop (SIGTERM, or Ctrl-C)."""
    told = asyncio.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(kind, told.set)
    await container.database().open()
    try:
        async with housekeeping(container):
            await told.wait()
    finally:
        await container.database().close()
