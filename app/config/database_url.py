"""What the address of the database may say, and the one form in which everything here reads it."""

import re
from typing import Annotated, Final
from urllib.parse import unquote

from pydantic import AfterValidator, SecretStr
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

MAX_PORT: Final = 65_535
LONGEST_CONNECT_SECONDS: Final = 3600

_SSL_MODES: Final = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
# What SQLAlchemy and some hosting services write, as libpq's `sslmode` has it.
_SSL: Final = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
# What an option may be, where its values are few. None: whatever the server or a file says.
_OPTIONS: Final[dict[str, set[str] | None]] = {
    "application_name": None,
    "channel_binding": {"disable", "prefer"},  # the driver has none, so it can't be required
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
    """Return the address in its one form.

    A socket's folder and several servers stand in the option `host`, encryption in `sslmode`, and
    the driver is the one that is used here. Raises ValueError, which never repeats the address.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # such as a port that is no number; it may be a secret
        hint = "; several servers are written as ?host=a:5432,b:5432" if "," in text else ""
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
        wrong = "must name a file: a database in memory loses everything that was promised"
    elif url.host:
        wrong = "must have three slashes before the file's name, or four"
    elif url.query:
        wrong = f"must have no options: {', '.join(sorted(url.query))} means nothing for a file"
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
        # Of an address with an odd password another part may look like an option.
        shown = f": {name}" if re.fullmatch(r"[a-z_]{1,40}", name) else ""
        message = f"has an option that is not known here{shown}"
        raise ValueError(message)
    values = [value] if isinstance(value, str) else list(value)
    if len(values) > 1 and name != "host":
        message = f"has {name} twice"
        raise ValueError(message)
    allowed, text = _OPTIONS[name], ",".join(values)
    if allowed and text not in allowed:
        message = f"has a {name} that is none of: {', '.join(sorted(allowed))}"
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
