"""What a connection may use of this process: a place among its client's, and little memory."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.http.connections import ANY_NUMBER, OpenConnections, unread_bytes


class BoundedConnection(HttpToolsProtocol):
    """Closes a connection if its client has too many, or does not read its answers.

    Data that a client does not read is held in memory. A client that reads less than `LEAST_READ`
    bytes in `READ_SECONDS`, while an answer waits for it, is disconnected.
    """

    READ_SECONDS: float = 25.0
    LEAST_READ: int = 64 * 1024

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._open_connections: OpenConnections = getattr(self.app, "open_connections", ANY_NUMBER)
        self._accepted_as: str | None = None
        self._reading: asyncio.TimerHandle | None = None
        # how often an answer was complete, or a full buffer was read until empty
        self._progress = 0

    @property
    def is_accepted(self) -> bool:
        return self._accepted_as is not None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._accepted_as = self._open_connections.accept(self.client[0] if self.client else "")
        if not self.is_accepted:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.give_up_place()
        super().connection_lost(exc)

    def give_up_place(self) -> None:
        """Remove the connection from its client's count; stop to check whether it reads."""
        if self._reading is not None:
            self._reading.cancel()
        if self._accepted_as is not None:
            self._open_connections.end(self._accepted_as)
            self._accepted_as = None

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._reading is None:
            self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._progress += 1

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._progress += 1
        if self._reading is None:
            self._expect_reading()

    def _expect_reading(self) -> None:
        before = self._progress, unread_bytes(self.transport)
        self._reading = self.loop.call_later(self.READ_SECONDS, self._look_at_reading, before)

    def _look_at_reading(self, before: tuple[int, int]) -> None:
        self._reading = None
        unread = unread_bytes(self.transport)
        has_read = self._progress > before[0] or before[1] - unread >= self.LEAST_READ
        if unread and not has_read:
            self.transport.abort()  # closing would wait for the client
        elif unread:  # it may belong to a later answer
            self._expect_reading()
