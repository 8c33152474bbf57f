"""The allowed forms of the database's URL, and the one form that the code uses."""

import re
from typing import Annotated, Final
from urllib.parse import unquote

from pydantic import AfterValidator, SecretStr
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

MAX_PORT: Final = 65_535
LONGEST_CONNECT_SECONDS: Final = 3600

_SSL_MODES: Final = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
# The option names of SQLAlchemy and some hosting services, by libpq's `sslmode`.
_SSL: Final = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
# The allowed values of an option, if they are few. None: any value.
_OPTIONS: Final[dict[str, set[str] | None]] = {
    "application_name": None,
    # the driver does not support it, so it cannot be required
    "channel_binding": {"disable", "prefer"},
    "connect_timeout": None,
    "host": None,
    "options": None,
    "passfile": None,
    "port": None,
    "ssl": _SSL_MODES | _SSL.keys(),
    "ssl_max_protocol_version": {"TLSv1.2", "TLSv1.3"},
    "ssl_min_protocol_version": {"TLSv1.2", "TLSv1.3"},
    "sslcert": None,
    "sslcrl": None,
    "sslkey": None,
    "sslmode": _SSL_MODES,
    "sslnegotiation": {"direct", "postgres"},
    "sslpassword": None,
    "sslrootcert": None,
    "target_session_attrs": {"any", "primary", "read-write"},  # others refuse what we write
}


def read_database_url(text: str) -> URL:
    """Return the URL in its one form.

    A socket's folder and several servers are in the option `host`, encryption is in `sslmode`, and
    the driver is the one that the code uses. Raises ValueError, which never repeats the URL.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # such as an invalid port; the message may contain a secret
        hint = "; write several servers as ?host=a:5432,b:5432" if "," in text else ""
        message = f"is not a database URL{hint}"
        raise ValueError(message) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        return _sqlite(url)
    if kind not in {"postgresql", "postgres"}:
        message = "must start with postgresql:// or sqlite://"
        raise ValueError(message)
    return _postgresql(url)


def _sqlite(url: URL) -> URL:
    database = (url.database or "").strip()
    if database in {"", ":memory:"} or database.startswith("file:"):
        wrong = "must name a file: a database in memory loses its data"
    elif url.host:
        wrong = "must have three or four slashes before the file's name"
    elif url.query:
        wrong = f"must have no options: {', '.join(sorted(url.query))} has no meaning for a file"
    else:
        return url.set(drivername="sqlite")
    raise ValueError(wrong)


def _postgresql(url: URL) -> URL:
    if not (url.database or "").strip() or not (url.port is None or 1 <= url.port <= MAX_PORT):
        message = "must name a database, and a port up to 65535"
        raise ValueError(message)
    options = {name: _option(name, value) for name, value in url.query.items()}
    options.pop("channel_binding", None)
    if ssl := options.pop("ssl", ""):
        options["sslmode"] = _SSL.get(ssl, ssl)
    host = unquote(url.host or "")
    if "/" in host or "," in host:
        options["host"] = host
        if url.port:
            options["port"] = str(url.port)
        url, host = url._replace(port=None), ""
    return url._replace(host=host or None).set(drivername="postgresql", query=options)


def _option(name: str, value: str | tuple[str, ...]) -> str:
    if name not in _OPTIONS:
        # If a password is not escaped, a part of it may look like an option.
        shown = f": {name}" if re.fullmatch(r"[a-z_]{1,40}", name) else ""
        message = f"has an unknown option{shown}"
        raise ValueError(message)
    values = [value] if isinstance(value, str) else list(value)
    if len(values) > 1 and name != "host":
        message = f"has {name} twice"
        raise ValueError(message)
    allowed, text = _OPTIONS[name], ",".join(values)
    if allowed and text not in allowed:
        message = f"has a {name} that is not one of: {', '.join(sorted(allowed))}"
        raise ValueError(message)
    if name == "connect_timeout" and not (
        text.isdecimal() and 1 <= int(text[:9]) <= LONGEST_CONNECT_SECONDS
    ):
        message = f"has a connect_timeout that is not 1 to {LONGEST_CONNECT_SECONDS} seconds"
        raise ValueError(message)
    if name == "port" and not all(
        port.isdecimal() and 1 <= int(port[:9]) <= MAX_PORT for port in text.split(",")
    ):
        message = "must name a database, and a port up to 65535"
        raise ValueError(message)
    return text


def _require_readable(value: SecretStr) -> SecretStr:
    read_database_url(value.get_secret_value())
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_require_readable)]
