"""What production refuses: settings that are fine in development and insecure elsewhere."""

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pydantic import SecretStr
from sqlalchemy.engine import URL

from app.config.module_settings import Refusal
from app.config.transport import address, hosts_of, is_here, is_remote, unencrypted_connections

if TYPE_CHECKING:
    from app.config.settings import Settings

RANDOM: Final = "must be random in production; this value can be guessed"
KEY_EXAMPLE: Final = "the output of: openssl rand -hex 32"
MIN_DIFFERENT_CHARACTERS: Final = 10
# The largest private networks: 10.0.0.0/8 and fc00::/7.
_WIDEST_V4: Final = 8
_WIDEST_V6: Final = 7

# Placeholders that people forget to replace, and default passwords of servers.
_PLACEHOLDER: Final = re.compile(
    r"change.?(me|this|it)|secret|passw|example|default|dummy|test|your.|insert|to.?do|qwert",
    re.IGNORECASE,
)
_GUESSABLE: Final = {
    *("postgres", "password", "admin", "root", "guest", "redis"),
    "alicerce",
}

_SERVER: Final = "postgresql://shop:password@db.example.com:5432/shop"


def unfit_for_production(settings: "Settings") -> list[str]:
    """Return a sentence for each setting that production must not have; none contains its value."""
    found = [
        *_switches(settings),
        *_keys(settings),
        *_addresses_of_ours(settings),
        *_proxies(settings),
        *_mail(settings),
        *_database(settings),
        *_brokers(settings),
        *unencrypted_connections(settings),
    ]
    return [as_sentence(refusal) for refusal in found]


def as_sentence(refusal: Refusal) -> str:
    name, rule, example = refusal
    return f"{name} {rule}; for example: {name}={example}"


def _switches(settings: "Settings") -> Iterator[Refusal]:
    for name in ("debug", "database_echo"):
        if getattr(settings, name):
            yield name.upper(), "must be off in production", "false"
    if not settings.rate_limits:
        yield "RATE_LIMITS", "must be on in production", "true"
    if not settings.rate_limit_per_minute:
        yield "RATE_LIMIT_PER_MINUTE", "must not be 0 in production", "600"
    if settings.sentry_dsn and settings.sentry_dsn.get_secret_value().startswith("http:"):
        yield "SENTRY_DSN", "must be https in production", "https://key@sentry.example.com/1"


def _keys(settings: "Settings") -> Iterator[Refusal]:
    for name in ("jwt_secret_key", "jwt_previous_keys", "metrics_token"):
        keys: SecretStr | None = getattr(settings, name)
        if keys and any(is_guessable(key) for key in keys.get_secret_value().split()):
            yield name.upper(), RANDOM, KEY_EXAMPLE


def is_guessable(key: str) -> bool:
    """Return whether a secret looks typed and not random: few characters, a pattern, or words."""
    steps = Counter(ord(after) - ord(before) for before, after in pairwise(key))
    return (
        len(set(key)) < min(MIN_DIFFERENT_CHARACTERS, len(key) // 2)
        or key in (key + key)[1:-1]  # one part, repeated
        or steps.most_common(1)[0][1] > len(key) // 2  # abcdef, 13579
        or bool(_PLACEHOLDER.search(key))
    )


def _addresses_of_ours(settings: "Settings") -> Iterator[Refusal]:
    if not settings.allowed_hosts:
        rule = "must be set in production: the hosts that the service answers for"
        yield "ALLOWED_HOSTS", rule, "api.example.com"
    if any(origin.startswith("http:") for origin in settings.cors_origins):
        yield "CORS_ORIGINS", "must be https in production", "https://app.example.com"
    if not (settings.public_url or "").lower().startswith("https:"):
        rule = "must be set in production, to an https address"
        yield "PUBLIC_URL", rule, "https://api.example.com"


def _proxies(settings: "Settings") -> Iterator[Refusal]:
    networks = settings.trusted_proxies or ()
    v4 = collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
    v6 = collapse_addresses(each for each in networks if isinstance(each, IPv6Network))
    is_wide = any(each.prefixlen < _WIDEST_V4 for each in v4)
    if is_wide or any(each.prefixlen < _WIDEST_V6 for each in v6):
        rule = "must name the proxies only: each of them can pretend to be any client"
        yield "TRUSTED_PROXIES", rule, "10.0.0.0/8, 192.0.2.7"


def _mail(settings: "Settings") -> Iterator[Refusal]:
    if settings.smtp_url is None:
        rule = "must be set in production: accounts are verified by email"
        yield "SMTP_URL", rule, "smtp://user:password@mail.example.com:587"
    if "mail_from" not in settings.model_fields_set:
        yield "MAIL_FROM", "must be set if emails are really sent", "no-reply@example.com"


def _database(settings: "Settings") -> Iterator[Refusal]:
    if settings.database.get_backend_name() == "sqlite":
        if settings.web_concurrency > 1 or settings.events != "embedded":
            rule = "must be PostgreSQL if there are several processes (WEB_CONCURRENCY, EVENTS)"
            yield "DATABASE_URL", rule, _SERVER
        return
    for name, url in settings.databases.items():
        yield from _server(name, url)


def _server(name: str, url: URL) -> Iterator[Refusal]:
    hosts, example = hosts_of(url), _SERVER
    if all(is_here(host) for host in hosts):
        if url.password and url.password == url.username:
            yield name, "must have a password that cannot be guessed", example
        return
    if url.username == "postgres":
        yield name, "must not be the superuser's in production", example
    if not url.password or url.password in {*_GUESSABLE, url.username}:
        yield name, "must have a password that cannot be guessed", example


def _brokers(settings: "Settings") -> Iterator[Refusal]:
    for name in ("redis_url", "celery_broker_url"):
        url = address(getattr(settings, name))
        if not is_remote(url.hostname):
            continue
        password = unquote(url.password or "")
        if not password or password in {*_GUESSABLE, url.username}:
            rule = "must have a password that cannot be guessed, outside of a network of your own"
            yield name.upper(), rule, f"{url.scheme}://user:password@host.example.com"
