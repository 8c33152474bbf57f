"""Cancellation: work that has begun is finished first."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of the work. A caller that is cancelled waits until the work ends."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def is_being_stopped() -> bool:
    """Tell whether the current task was cancelled from outside."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
