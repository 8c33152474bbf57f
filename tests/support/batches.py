"""Calls a handler until its work is done, as the engine does."""

from collections.abc import Awaitable, Callable
from typing import Any

from app.core.endings import Continue


async def call_to_the_end(
    handler: Callable[[Any, Any], Awaitable[None]], event: object, unit: Callable[[], Any]
) -> int:
    """Call it with a new unit of work each time; return how often it had work."""
    parts = 0
    while True:
        async with unit() as uow:
            try:
                await handler(event, uow)
            except Continue:
                parts += 1
                await uow.commit()
            else:
                await uow.commit()
                return parts
