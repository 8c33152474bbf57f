"""A proxy between a client and a server, by which a test can separate them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

LOOPBACK: Final = "127.0.0.1"


class Proxy:
    """Passes data on until it is cut; then the server seems unreachable."""

    def __init__(self, host: str, port: int) -> None:
        self._server_address = host, port
        self._listening: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._is_mute = False
        self.port = 0

    async def listen(self) -> None:
        """Listen, at the same port each time."""
        self._listening = await asyncio.start_server(self._accept, LOOPBACK, self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close all connections and refuse new ones; no data of them passes afterwards."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Behave like an unreachable server while the block runs."""
        await self.close()
        try:
            yield
        finally:
            await self.listen()

    @asynccontextmanager
    async def mute(self) -> AsyncIterator[None]:
        """Behave like a server that accepts everything and never answers, while the block runs."""
        self._is_mute = True
        try:
            yield
        finally:
            self._is_mute = False
            async with self.away():  # what was not passed on is lost, and nothing may wait for it
                pass

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._listening is None:  # it was arriving when the proxy was closed
            writer.transport.abort()
            return
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        # Not in `_talk`: a task that is cancelled before its first step does not run at all.
        talk.add_done_callback(lambda _: writer.transport.abort())

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._server_address)
        except OSError:
            return
        there = asyncio.create_task(self._pass_on(reader, far_writer))
        back = asyncio.create_task(self._pass_on(far_reader, writer))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            far_writer.transport.abort()
            there.cancel()
            back.cancel()
            await asyncio.gather(there, back, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if not self._is_mute:
                    writer.write(data)
                    await writer.drain()


@asynccontextmanager
async def proxy_of(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy that ends with the block."""
    proxy = Proxy(host, port)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.close()
