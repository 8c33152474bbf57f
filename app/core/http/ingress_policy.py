"""The settings that decide what the service accepts from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.core.admission import Admission
from app.core.http.clients import Network
from app.core.http.rate_limit import RateLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressPolicy:
    """Hosts, origins and times that are accepted; the sizes are the same everywhere."""

    allowed_hosts: Sequence[str] = ()
    """Empty: any host."""
    cors_origins: Sequence[str] = ()
    """Empty: no CORS headers."""
    body_seconds: float = 30
    is_https: bool = False
    """Whether clients use https only, so that browsers may be told so."""
    hsts_includes_subdomains: bool = False
    """Whether browsers are told so for all hosts below ours too (RFC 6797, section 6.1.2)."""
    trusted_proxies: Sequence[Network] = ()
    """The proxies whose X-Forwarded-For is believed. Empty: none."""
    root_path: str = ""
    """The path below which a proxy shows the service, such as `/shop`."""
    connections_per_client: int = 0
    """How many connections one address may have, unless it is a trusted proxy. 0: any number."""
    rate_limit: RateLimit | None = None
    """Counts the requests that are refused before they have a route."""
    admission: Admission | None = None
    """Refuses requests under overload."""


OPEN: Final = IngressPolicy()
"""Of a service that refuses no host and counts nothing."""
