"""The open connections of this process, and how many of them one client may have."""

import asyncio
import fcntl
import struct
import termios
from contextlib import suppress
from typing import Final

from prometheus_client import Counter

from app.core.http.clients import ClientAddresses, one_client
from app.core.http.ingress_policy import OPEN, IngressPolicy

REFUSED: Final = Counter(
    "http_connections_refused", "Connections of clients that already had too many."
)


class OpenConnections:
    """Counts by the connecting address; headers are not known yet.

    Trusted proxies and clients of a Unix socket have no limit.
    """

    def __init__(self, ingress: IngressPolicy) -> None:
        self._most = ingress.connections_per_client
        self._clients = ClientAddresses(ingress.trusted_proxies)
        self._open: dict[str, int] = {}

    def accept(self, peer: str) -> str | None:
        """Count one more; return the name it counts for, or None if that client has too many."""
        if not self._most or not peer or self._clients.is_proxy(peer):
            return ""
        client = one_client(peer)
        count = self._open.get(client, 0)
        if count >= self._most:
            REFUSED.inc()
            return None
        self._open[client] = count + 1
        return client

    def end(self, client: str) -> None:
        """Count one less for a name that `accept` returned."""
        if client:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]


ANY_NUMBER: Final = OpenConnections(OPEN)
"""For an application without a limit."""


def unread_bytes(transport: asyncio.Transport) -> int:
    """Return how many bytes the client has not received yet, in our buffer and in the kernel's."""
    waiting = transport.get_write_buffer_size()
    with suppress(OSError, AttributeError):  # it is closed, or not a socket
        number = transport.get_extra_info("socket").fileno()
        # tcp(7), SIOCOUTQ: the bytes that were not acknowledged, often all, and megabytes.
        waiting += struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, bytes(4)))[0]
    return waiting
