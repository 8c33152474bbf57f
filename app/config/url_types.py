"""The types of settings that are URLs, addresses, hosts and keys."""

import base64
import re
from email.utils import getaddresses
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

SIGNING_KEY_BYTES: Final = range(24, 65)  # Standard Webhooks 1.0.0, "Signature scheme"
SIGNING_KEY_PREFIX: Final = "whsec_"
SIGNING_KEY_EXAMPLE: Final = "the output of: echo whsec_$(openssl rand -base64 32)"
SIGNING_KEY_SAMPLE: Final = "whsec_bm90IHVzZWQsIGl0IGlzIG9ubHkgdGhlcmU="
"""A valid key for documents that contain the examples; everybody knows it."""
STARTTLS: Final = "starttls=required"
"""In a mail server's URL: without TLS nothing is sent."""


def signing_key(text: SecretStr) -> bytes:
    """Return the key of a webhook, which is `whsec_` and base64.

    Raises ValueError for any other text: the libraries of receivers decode each key from base64, so
    they would verify with another key than we sign with.
    """
    prefix, key = SIGNING_KEY_PREFIX, text.get_secret_value()
    try:
        decoded = base64.b64decode(key.removeprefix(prefix), validate=True)
    except ValueError:
        decoded = b""
    if not key.startswith(prefix) or len(decoded) not in SIGNING_KEY_BYTES:
        message = f"must be {prefix} and the base64 of 24 to 64 random bytes, as receivers expect"
        raise ValueError(message)
    return decoded


def _require_signing_key(text: SecretStr) -> SecretStr:
    signing_key(text)
    return text


def _require_web_url(text: str) -> str:
    if not _is_url(text, schemes={"http", "https"}) or "@" in urlsplit(text).netloc:
        message = "must be like https://host/path, without a user and a password"
        raise ValueError(message)
    return text


def _require_mail_server(text: SecretStr) -> SecretStr:
    url = text.get_secret_value()
    if not _is_url(url, schemes={"smtp", "smtps"}) or urlsplit(url).query not in {"", STARTTLS}:
        message = (
            "must be like smtp://user:password@host:587, smtps://host "
            f"or smtp://host?{STARTTLS}; percent-encode other characters"
        )
        raise ValueError(message)
    return text


def _require_redis(text: SecretStr) -> SecretStr:
    if not _is_url(text.get_secret_value(), schemes={"redis", "rediss"}):
        message = "must be like redis://:password@host:6379/0, or rediss:// with TLS"
        raise ValueError(message)
    return text


def _require_broker(text: SecretStr) -> SecretStr:
    if not _is_url(text.get_secret_value(), schemes={"redis", "rediss", "amqp", "amqps"}):
        message = "must be like redis://host:6379/0 or amqp://user:password@host:5672//"
        raise ValueError(message)
    return text


def _require_dsn(text: SecretStr) -> SecretStr:
    if not re.fullmatch(r"https?://\S+@\S+/\d+", text.get_secret_value()):
        message = "is not a Sentry DSN"
        raise ValueError(message)
    return text


def _require_mailbox(text: str) -> str:
    [(_name, address), *others] = getaddresses([text])
    local, at, domain = address.rpartition("@")
    is_plain = address.isascii() and not set(local + domain) & set(" ,:;<>@")
    is_plain = is_plain and "=?" not in address  # which a reader may decode (RFC 2047)
    if others or not (text.isprintable() and at and local and domain and is_plain):
        message = "must be an address, or a name and an address in <>"
        raise ValueError(message)
    return text


def _split(text: object) -> object:
    """Split a list with commas, as people write it into a variable."""
    if isinstance(text, str):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")


def _require_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in hosts)
    if not all(_HOST.fullmatch(host) for host in hosts):
        message = "must be host names separated by commas, without ports and without *"
        raise ValueError(message)
    return hosts


def _require_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_is_origin(origin) for origin in origins):
        message = (
            "must be exact origins like https://app.example.com, as browsers send them: in lower "
            "case, without a path, and no * and no null, since cookies may come along"
        )
        raise ValueError(message)
    return origins


def _is_origin(text: str) -> bool:
    return _is_url(text, schemes={"http", "https"}) and "*" not in text and text == origin_of(text)


def _read_networks(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        return tuple(ip_network(each.strip()) for each in given.split(",") if each.strip())
    except ValueError:
        message = "must be addresses and networks, like 10.0.0.0/8, separated by commas"
        raise ValueError(message) from None


def _is_url(text: str, *, schemes: set[str]) -> bool:
    try:
        url = urlsplit(text)
        has_port = url.port != 0
    except ValueError:  # an invalid port, or a bracket that is not closed
        return False
    is_plain = text.isprintable() and " " not in text and not url.fragment
    return is_plain and has_port and url.scheme in schemes and bool(url.hostname)


def _require_plain_path(text: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", urlsplit(text).path) or urlsplit(text).query:
        message = "may have a path of letters, digits and -._~, such as /shop, and nothing else"
        raise ValueError(message)
    return text


SigningKey = Annotated[SecretStr, AfterValidator(_require_signing_key)]
WebUrl = Annotated[str, AfterValidator(_require_web_url)]
PublicUrl = Annotated[WebUrl, AfterValidator(_require_plain_path)]
MailServerUrl = Annotated[SecretStr, AfterValidator(_require_mail_server)]
Mailbox = Annotated[str, AfterValidator(_require_mailbox)]
Networks = Annotated[
    tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_read_networks)
]
RedisUrl = Annotated[SecretStr, AfterValidator(_require_redis)]
BrokerUrl = Annotated[SecretStr, AfterValidator(_require_broker)]
SentryDsn = Annotated[SecretStr, AfterValidator(_require_dsn)]
HostNames = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_require_hosts)
]
Origins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_require_origins)
]


def origin_of(address: str) -> str:
    """Return the origin of a URL, as browsers write it (RFC 6454, section 6.2)."""
    parts = urlsplit(address.lower())
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
