"""A network that can go silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL, make_url


class Cable:
    """A connection between us and the server, until it is cut: then it passes nothing, silently."""

    def __init__(self, url: str) -> None:
        self._server = make_url(url)
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def plugged_in(self) -> AsyncIterator[URL]:
        listener = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        try:
            yield self._server.set(host="127.0.0.1", port=listener.sockets[0].getsockname()[1])
        finally:
            listener.close()
            for task in self._passing:
                task.cancel()
            await asyncio.gather(*self._passing, return_exceptions=True)
            for end in self._ends:
                end.close()

    def cut(self) -> None:
        self._is_cut = True

    def mend(self) -> None:
        self._is_cut = False

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._passing.add(task)
        self._ends.add(writer)
        far_reader, far_writer = await asyncio.open_connection(self._server.host, self._server.port)
        self._ends.add(far_writer)
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while some := await source.read(65_536):
            if not self._is_cut:
                target.write(some)
        if not self._is_cut:
            target.close()
