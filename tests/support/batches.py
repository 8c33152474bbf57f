"""Having a handler do its work to the end, as the engine does, however many parts it takes."""

from collections.abc import Awaitable, Callable
from typing import Any

from app.core.events import MoreToDo


async def call_to_the_end(
    handler: Callable[[Any, Any], Awaitable[None]], event: object, unit: Callable[[], Any]
) -> int:
    """Call it with a unit of work each time; return how often it had something to do."""
    parts = 0
    while True:
        async with unit() as uow:
            try:
                await handler(event, uow)
            except MoreToDo:
                parts += 1
                await uow.commit()
            else:
                await uow.commit()
                return parts
