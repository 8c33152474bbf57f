"""The client's address: from the connection, or from a trusted proxy, never from the client."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

FORWARDED_FOR: Final = b"x-forwarded-for"
MOST_HOPS: Final = 20
LONGEST: Final = 64
REMEMBERED: Final = 10_000  # parsing an address takes longer than everything else here
# The forms that proxies write: `192.0.2.1:50000`, `[2001:db8::1]:50000`, `[2001:db8::1]`.
_WITH_PORT: Final = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")
# The owner of a /64 network has 2**64 addresses, and is one client. Many have a /56 or a /48 (RFC
# 6177), and some share one with strangers, so these count as several clients.
_CLIENTS_OF_IPV6: Final = {64: 1, 56: 4, 48: 16}


class ClientAddresses:
    """Finds a request's client behind trusted proxies.

    Each proxy appends its client to X-Forwarded-For. Read from the right, the first address that is
    no trusted proxy is the client. What is to the left of it may be forged.
    """

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        self._trusted = tuple(trusted)
        self._is_trusted = lru_cache(maxsize=REMEMBERED)(self._lies_in_a_trusted_network)

    def of(self, scope: Mapping[str, Any]) -> str:
        """Return the address of a scope's client; an empty text for a Unix socket."""
        peer = (scope.get("client") or ("", 0))[0]
        if not self._trusted:
            return str(peer)
        here = _address(peer)
        for hop in _hops(scope):
            if here is None or not self._is_trusted(here):
                break
            further = _address(hop)
            # not an address: the proxy that wrote it is the last one that we know
            if further is None:
                break
            here = further
        return str(here or peer)

    def is_proxy(self, peer: str) -> bool:
        """Return whether a trusted proxy connects."""
        address = _address(peer)
        return address is not None and self._is_trusted(address)

    def _lies_in_a_trusted_network(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def one_client(address: str) -> str:
    """Return the client to count: its address, or the /64 network of an IPv6 address."""
    return networks_of(address)[0][0]


@lru_cache(maxsize=REMEMBERED)
def networks_of(address: str) -> tuple[tuple[str, int], ...]:
    """Return all that a client counts for, and as how many clients each counts.

    These are its address; or the /64, the /56 and the /48 network of an IPv6 address, in this
    order.
    """
    parsed = _address(address)
    if not isinstance(parsed, IPv6Address):
        return ((str(parsed or address), 1),)
    return tuple(
        (str(ip_network((parsed, length), strict=False)), clients)
        for length, clients in _CLIENTS_OF_IPV6.items()
    )


def _hops(scope: Mapping[str, Any]) -> list[str]:
    """Return the hops, the nearest one first."""
    lines = [value for name, value in scope["headers"] if name == FORWARDED_FOR]
    nearest = b",".join(lines).rsplit(b",", MOST_HOPS)[::-1][:MOST_HOPS]
    return [hop.decode("latin-1").strip()[:LONGEST] for hop in nearest] if lines else []


@lru_cache(maxsize=REMEMBERED)
def _address(text: str) -> Address | None:
    if bare := _WITH_PORT.fullmatch(text):
        text = bare[1] or bare[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
