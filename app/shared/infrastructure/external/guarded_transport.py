"""Outgoing connections: only to addresses that were looked up and are public.

A name in a URL may lead inside: to this machine, to a neighbour, or to the cloud's metadata
service. So this module resolves the name, checks the address, and connects to exactly that address.
There is no second lookup that could have another result.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

import httpx2

from app.shared.application.http import AddressRefused

ALLOW_PRIVATE: Final = "allow_private"
"""An extension of requests."""

KEPT: Final = 10
KEPT_SECONDS: Final = 15.0
MOST_HOSTS: Final = 100
"""How many idle connections are kept to a host, for how long, and to how many hosts."""

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
# all IPv6 addresses that were ever allocated for it
_GLOBAL_UNICAST: Final = ip_network("2000::/3")
# Addresses that some versions of Python call global, or that look so by their number.
_REFUSED: Final = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # a cloud's platform
        "192.0.0.0/24",  # RFC 6890, and a cloud's metadata service
        "2001::/23",  # RFC 2928: Teredo and other protocols
        "2002::/16",  # 6to4
        "3fff::/20",  # RFC 9637: documentation
    )
)


async def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, in the order of preference. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def is_public(text: str) -> bool:
    """Return whether an IP address is public, in any notation."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or _behind_nat64(address) or address
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    is_refused = address.is_multicast or any(address in network for network in _REFUSED)
    return address.is_global and not is_refused


def _behind_nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends each request to an address that was checked, over a connection to that host alone.

    A request whose extension ALLOW_PRIVATE is true may go to any address, over plain HTTP too.
    Proxies of the environment are not used, because they would resolve the name again.
    """

    def __init__(self, *, resolve: Resolve = look_up) -> None:
        self._resolve = resolve
        self._pools: dict[tuple[str, str, int | None] | None, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises AddressRefused, or the errors of httpx2."""
        host = request.url.raw_host.decode("ascii")
        allow_private = bool(request.extensions.get(ALLOW_PRIVATE))
        if request.url.scheme != "https" and not allow_private:
            raise AddressRefused(f"{host}: only https is allowed")
        found = await self._addresses_of(host, request.url, allow_private=allow_private)
        failure: Exception = httpx2.ConnectError(f"{host} has no address")
        for address in found:
            try:
                sent = _to(address, host, request)
                return await self._connections_to(host, request.url).handle_async_request(sent)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
        raise failure

    def _connections_to(self, host: str, url: httpx2.URL) -> httpx2.AsyncHTTPTransport:
        """Return those of a host: kept, unless it is one of too many hosts.

        Each host has its own. A pool finds a connection by its address, and another host at that
        address would get requests over it that are for the first one.
        """
        key = (url.scheme, host, url.port)
        is_kept = key in self._pools or len(self._pools) < MOST_HOSTS
        place = key if is_kept else None  # one for all further hosts
        if place not in self._pools:
            self._pools[place] = self._pool(keep=KEPT if is_kept else 0)
        return self._pools[place]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx2.create_ssl_context()

    def _pool(self, *, keep: int) -> httpx2.AsyncHTTPTransport:
        limits = httpx2.Limits(max_keepalive_connections=keep, keepalive_expiry=KEPT_SECONDS)
        return httpx2.AsyncHTTPTransport(verify=self._tls, limits=limits)

    async def aclose(self) -> None:
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()

    async def _addresses_of(
        self, host: str, url: httpx2.URL, *, allow_private: bool
    ) -> Sequence[str]:
        try:
            found = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"{host} can't be looked up") from error
        # One internal address is enough to refuse: a legitimate name does not mix them.
        if not allow_private and not all(is_public(address) for address in found):
            raise AddressRefused(f"{host} has an address that is not public")
        return found


def _to(address: str, host: str, request: httpx2.Request) -> httpx2.Request:
    """Return the request for this address; Host header and certificate are the host's."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
