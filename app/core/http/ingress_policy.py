"""What the service takes from outside, as far as settings decide it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.http.clients import Network
from app.core.http.rate_limit import RateLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressPolicy:
    """From which hosts, origins and how slowly; the sizes are the same everywhere."""

    allowed_hosts: Sequence[str] = ()
    """Empty: any."""
    cors_origins: Sequence[str] = ()
    """Empty: there are no CORS headers."""
    body_seconds: float = 30
    is_https: bool = False
    """Whether people reach it by https only, so that browsers may be told to keep to that."""
    hsts_includes_subdomains: bool = False
    """Whether browsers are told so for all hosts below ours too (RFC 6797, section 6.1.2)."""
    trusted_proxies: Sequence[Network] = ()
    """Whose word is taken for where a request comes from. Empty: nobody's."""
    root_path: str = ""
    """The path that a proxy shows the service below, such as `/shop`."""
    connections_per_client: int = 0
    """How many may be open at once from one address that is no trusted proxy. 0: any number."""
    rate_limit: RateLimit | None = None
    """What counts the requests that no route counts: whatever is refused before it has one."""
