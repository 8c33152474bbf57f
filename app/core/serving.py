"""Serving a few pages beside a process's real work."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from app.core.server import HttpProtocol


class PortTaken(Exception):
    """Nothing can be served there; the message says why."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"nothing can be served on {host}:{port}: {reason}")


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever does the real work."""
        yield


@asynccontextmanager
async def served(app: ASGIApp, *, host: str, port: int) -> AsyncIterator[None]:
    """Answer on a port while the block runs. Raises PortTaken."""
    with listening(host, port) as listener:
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # the boundary's has more
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


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise PortTaken(host, port, os.strerror(error.errno or 0)) from error
    except OverflowError:
        raise PortTaken(host, port, "ports end at 65535") from None
