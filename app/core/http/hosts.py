"""The hosts that this service serves, and the headers that may occur once."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.types import Scope

from app.core.exceptions import DuplicateHeader, InvalidHost, MisdirectedRequest
from app.core.http.root_path import route_path

# Probes and scrapers, which know a machine's address only, ask for these.
EXEMPT: Final = frozenset({"/health/live", "/health/ready", "/metrics"})

_HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")

# If one of these is repeated, a proxy and this service may use different values.
_SINGLE: Final = frozenset(
    {
        *(b"host", b"authorization", b"content-length", b"content-type", b"transfer-encoding"),
        *(b"if-match", b"idempotency-key", b"origin", b"x-request-id"),
    }
)


class Hosts:
    """A list of allowed hosts. If it is empty, any single host is allowed."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(name.lower().encode() for name in names)

    def check(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Raise InvalidHost for no valid host, MisdirectedRequest for a host that is not ours."""
        host = headers.get(b"host")
        if host in self._names:  # the usual case; others have a port, or are refused
            return
        is_open = not self._names or route_path(scope) in EXEMPT
        if host is None:
            if is_open and scope["http_version"] == "1.0":  # the first value of this header
                return
            raise InvalidHost
        parts = _HOST.fullmatch(host)
        if parts is None:
            raise InvalidHost
        if not is_open and parts[1].lower().removesuffix(b".") not in self._names:
            raise MisdirectedRequest


def refuse_duplicates(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise for a repeated header of which only one may be used (RFC 9110, section 5.3)."""
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in seen and name in _SINGLE:
            raise InvalidHost if name == b"host" else DuplicateHeader
        seen.add(name)
