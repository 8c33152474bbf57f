"""The way out: to addresses that were looked up and found public, and to no others.

A name in a URL may lead inside: to this machine, to a neighbour, to the metadata service of the
cloud. So it is looked up here, and the connection goes to the very address that was checked: a
second look-up, by which the name could lead elsewhere, never happens.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

import httpx2

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
_GLOBAL_UNICAST: Final = ip_network("2000::/3")  # all of IPv6 that was ever given out for it
# What is global to some versions of Python, or by its number alone.
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


class AddressRefused(Exception):
    """The host is not one that this service may call."""


async def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, in the order of preference. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def is_public(text: str) -> bool:
    """Tell whether an IP address is one of the public internet's, however it is written."""
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
    """Sends each request over a connection of its own, to an address that was checked.

    With `allow_private` any address is good, and plain HTTP too. Proxies of the environment are
    not used: they would look the name up again.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve = look_up) -> None:
        self._allow_private, self._resolve = allow_private, resolve
        # A connection that is kept would be found again by its address: whoever shares that
        # address would get requests over it that are for somebody else.
        self._inner = httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises AddressRefused, or what httpx2 raises."""
        host = request.url.raw_host.decode("ascii")
        if request.url.scheme != "https" and not self._allow_private:
            raise AddressRefused(f"{host}: only https is allowed")
        failure: Exception = httpx2.ConnectError(f"{host} has no address")
        for address in await self._addresses_of(host, request.url):
            try:
                return await self._inner.handle_async_request(_to(address, host, request))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _addresses_of(self, host: str, url: httpx2.URL) -> Sequence[str]:
        try:
            found = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"{host} can't be looked up") from error
        # One that leads inside is enough: an honest name does not mix them.
        if not self._allow_private and not all(is_public(address) for address in found):
            raise AddressRefused(f"{host} leads to an address that is not public")
        return found


def _to(address: str, host: str, request: httpx2.Request) -> httpx2.Request:
    """Return the request for this address; its Host header and the certificate are the host's."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
