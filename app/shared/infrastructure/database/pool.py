"""A pool of connections to PostgreSQL, of limited size.

The driver has a pool too, which costs more than the statement of most requests: it wraps each
connection, and takes it back in a task of its own. Here lending is two calls. See decision 0011.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from app.core import tracing
from app.core.admission import HUNG_UP, Admission, overloaded
from app.core.context import current_work

Connect = Callable[[], Awaitable[asyncpg.Connection]]


class PoolClosed(ConnectionError):
    """The service is stopping."""


class NoConnectionFree(TimeoutError):
    """All connections are in use, and none was returned in time."""


class Pool:
    """Lends connections and takes them back. Every wait is limited to `timeout` seconds."""

    # A device between service and server may forget connections that are silent for long.
    IDLE_SECONDS: Final = 300.0
    # A caller of `renew` has met a server that cannot serve. While there is no other server, each
    # failing write would cost all callers a new connection.
    RENEWAL_SECONDS: Final = 1.0
    # A request that has waited for so long is not worth its work: more would wait as long.
    REQUEST_SECONDS: Final = 1.0

    def __init__(
        self,
        connect: Connect,
        *,
        size: int,
        timeout: float,
        admission: Admission | None = None,
    ) -> None:
        self._connect, self._timeout = connect, timeout
        self._admission = admission or Admission()
        self._size = size
        self._places = asyncio.Semaphore(size)
        self._lent: set[asyncpg.Connection] = set()
        # With the time of their return. The last one is lent first, so that the others can expire.
        self._idle: deque[tuple[asyncpg.Connection, float]] = deque()
        self._outdated: set[asyncpg.Connection] = set()
        self._renewed_at = -math.inf
        self._is_closed = False

    async def acquire(self) -> asyncpg.Connection:
        """Return a connection for the caller alone.

        Raises PoolClosed, NoConnectionFree, Overloaded, and what `connect` raises.
        """
        if self._is_closed:
            raise PoolClosed
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        try:
            connection = self._found() or await self._connect()
        except BaseException:
            self._places.release()
            raise
        self._lent.add(connection)
        return connection

    async def _wait(self) -> None:
        """Wait for a place. A request waits less long, and not for a client that has hung up."""
        is_gone, began = current_work.get().is_gone, time.monotonic()
        if is_gone is None:
            await self._place(self._timeout, NoConnectionFree)
            return
        self._admission.waits_for_connection()
        try:
            most = min(self._timeout, self.REQUEST_SECONDS)
            await self._place(most, lambda: overloaded("database"))
        finally:
            self._admission.waited_for_connection(time.monotonic() - began)
        if is_gone():
            self._places.release()
            raise overloaded(HUNG_UP)

    async def _place(self, most: float, too_late: Callable[[], Exception]) -> None:
        try:
            async with asyncio.timeout(most):
                with tracing.waiting():
                    await self._places.acquire()
        except TimeoutError:
            raise too_late() from None

    def release(self, connection: asyncpg.Connection, *, is_idle: bool = True) -> None:
        """Take a connection back; one that may be busy is closed.

        A caller that was cancelled may leave a statement running.
        """
        self._lent.discard(connection)
        if self._outdated and connection in self._outdated:
            self._outdated.remove(connection)
            connection.terminate()
        elif is_idle and not (connection.is_closed() or connection.is_in_transaction()):
            self._idle.append((connection, time.monotonic()))
        else:
            connection.terminate()
        while self._idle and self._is_old(self._idle[0][1]):
            self._idle.popleft()[0].terminate()
        self._places.release()

    def renew(self) -> None:
        """Lend no existing connection any more: they lead to a server that cannot serve.

        Lent ones are closed when they come back.
        """
        if time.monotonic() - self._renewed_at < self.RENEWAL_SECONDS:
            return
        self._renewed_at = time.monotonic()
        self._outdated |= self._lent
        while self._idle:
            self._idle.pop()[0].terminate()

    async def close(self) -> None:
        """Lend nothing any more; close connections that are not returned in time."""
        self._is_closed = True
        try:
            async with asyncio.timeout(self._timeout):
                for _ in range(self._size):
                    await self._places.acquire()
                await asyncio.gather(*(connection.close() for connection, _ in self._idle))
        except TimeoutError:
            for connection in [*self._lent, *(connection for connection, _ in self._idle)]:
                connection.terminate()
        self._idle.clear()

    def _found(self) -> asyncpg.Connection | None:
        while self._idle:
            connection, since = self._idle.pop()
            if not (connection.is_closed() or self._is_old(since)):
                return connection
            connection.terminate()
        return None

    def _is_old(self, since: float) -> bool:
        return time.monotonic() - since > self.IDLE_SECONDS
