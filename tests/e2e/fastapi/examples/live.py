"""Long answers: server-sent events, and a WebSocket."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, WebSocket
from fastapi.sse import EventSourceResponse

from app.core.http.mounts import MountedRouter, MountedWebSocket
from app.core.security import AUTHENTICATED, scope


def price_routes() -> MountedRouter:
    router = APIRouter(prefix="/api/v1/prices", tags=["prices"])

    @router.get("", response_class=EventSourceResponse)
    async def prices() -> AsyncIterator[dict[str, int]]:
        cents = 100
        while True:
            yield {"cents": cents}
            cents += 1
            await asyncio.sleep(0.1)

    return MountedRouter(router, access=scope("report:read"))


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"You said {text}.")


def echo_routes() -> MountedWebSocket:
    return MountedWebSocket("/api/v1/echo", echo, access=AUTHENTICATED)
