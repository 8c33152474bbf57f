"""The other machines that the settings name, and whether connections to them are encrypted."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from sqlalchemy.engine import URL

from app.config.module_settings import Refusal
from app.config.url_types import STARTTLS

if TYPE_CHECKING:
    from app.config.settings import Settings

RULE: Final = "must use an encrypted connection, or PLAINTEXT_HOSTS must name its host"
# Other modes fall back to plain text, which an attacker in between can cause.
_ENCRYPTING: Final = {"require", "verify-ca", "verify-full"}
# The option with which redis-py and Celery accept any certificate.
_UNVERIFIED: Final = re.compile(
    r"ssl_cert_reqs=(cert_)?(none|optional)|ssl_check_hostname=(false|no|0)", re.IGNORECASE
)
_SECURE: Final = {"redis": "rediss", "amqp": "amqps"}
_WITH_PORT: Final = re.compile(r"^([^:]+|\[.*\]):\d+$")


def unencrypted_connections(settings: "Settings") -> Iterator[Refusal]:
    """Return the unencrypted connections to other machines whose hosts are not allowed."""
    named = {host.strip("[]") for host in settings.plaintext_hosts}
    for name, database in settings.databases.items():
        if not is_encrypted(database) and _any_remote(hosts_of(database), named):
            example = "postgresql://user:password@db.example.com:5432/shop?sslmode=verify-full"
            yield name, RULE, example
    for name in ("redis_url", "celery_broker_url"):
        url = address(getattr(settings, name))
        if _UNVERIFIED.search(url.query):
            yield (
                name.upper(),
                "must verify certificates",
                "rediss://user:password@host.example.com",
            )
        if (secure := _SECURE.get(url.scheme)) and _any_remote([url.hostname], named):
            yield name.upper(), RULE, f"{secure}://user:password@host.example.com"
    collector = urlsplit(settings.otel_exporter_otlp_endpoint or "")
    if collector.scheme == "http" and _any_remote([collector.hostname], named):
        yield "OTEL_EXPORTER_OTLP_ENDPOINT", RULE, "https://collector.example.com"
    mail = address(settings.smtp_url)
    is_safe = mail.scheme == "smtps" or mail.username or mail.query == STARTTLS
    if not is_safe and _any_remote([mail.hostname], named):
        yield "SMTP_URL", RULE, f"smtp://mail.example.com:25?{STARTTLS}"


def address(secret: SecretStr | None) -> SplitResult:
    return urlsplit(secret.get_secret_value() if secret else "")


def hosts_of(database: URL) -> list[str | None]:
    """Return all hosts of the database's URL; if it has none, the one is None."""
    asked = (database.host or "", *database.normalized_query.get("host", ()))
    hosts = (host for text in asked for host in text.split(",") if host)
    return [_WITH_PORT.sub(r"\1", host).strip("[]") for host in hosts] or [None]


def is_encrypted(database: URL) -> bool:
    """Return whether a connection to PostgreSQL is encrypted or fails."""
    return database.query.get("sslmode") in _ENCRYPTING


def is_here(host: str | None) -> bool:
    """Return whether it is this machine: no host, a socket's folder, or a loopback address."""
    if host is None or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_remote(host: str | None) -> bool:
    """Return whether it may be anywhere: a name without a dot is in our own network."""
    return not is_here(host) and bool(host) and not re.fullmatch(r"[A-Za-z_][\w-]*", host or "")


def _any_remote(hosts: Sequence[str | None], named: set[str]) -> bool:
    return any(is_remote(host) and (host or "").lower() not in named for host in hosts)
