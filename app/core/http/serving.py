"""Serves a few pages beside a process's main work."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from app.core.http.server import HttpProtocol
from app.core.ports import listening


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the main work."""
        yield


@asynccontextmanager
async def served(app: ASGIApp, *, host: str, port: int) -> AsyncIterator[None]:
    """Serve on a port while the block runs. Raises PortInUse."""
    with listening(host, port) as listener:
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # the boundary's answer has more
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving
