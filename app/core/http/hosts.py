"""The hosts that this service answers for, and the headers that may come once."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.types import Scope

from app.core.exceptions import DuplicateHeader, InvalidHost, MisdirectedRequest
from app.core.http.root_path import route_path

# Asked by probes and scrapers, which know a machine's address and no name.
EXEMPT: Final = frozenset({"/health/live", "/health/ready", "/metrics"})

_HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")

# Of these one counts: with two, a proxy may go by the one and this service by the other.
_SINGLE: Final = frozenset(
    {
        *(b"host", b"authorization", b"content-length", b"content-type", b"transfer-encoding"),
        *(b"if-match", b"idempotency-key", b"origin", b"x-request-id"),
    }
)


class Hosts:
    """An allowlist; without names any host will do, as long as it is one."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(name.lower().encode() for name in names)

    def check(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Raise InvalidHost for none or nonsense, MisdirectedRequest for somebody else's."""
        host = headers.get(b"host")
        if host in self._names:  # as a rule; the rest has a port, or is not welcome
            return
        is_open = not self._names or route_path(scope) in EXEMPT
        if host is None:
            if is_open and scope["http_version"] == "1.0":  # which had no such header yet
                return
            raise InvalidHost
        parts = _HOST.fullmatch(host)
        if parts is None:
            raise InvalidHost
        if not is_open and parts[1].lower().removesuffix(b".") not in self._names:
            raise MisdirectedRequest


def refuse_duplicates(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise for a header that is there twice though only one counts (RFC 9110, section 5.3)."""
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in seen and name in _SINGLE:
            raise InvalidHost if name == b"host" else DuplicateHeader
        seen.add(name)
