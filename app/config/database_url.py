"""What the address of the database may say."""

from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

MAX_PORT: Final = 65_535


def _require_known(value: SecretStr) -> SecretStr:
    try:
        url = make_url(value.get_secret_value())
    except (ArgumentError, ValueError):  # such as a port that is no number; it may be a secret
        message = "is not a database URL"
        raise ValueError(message) from None
    if wrong := _unusable(url):
        raise ValueError(wrong)
    return value


def _unusable(url: URL) -> str | None:
    """Return what is wrong with a database's address, if anything is."""
    backend, database = url.get_backend_name(), (url.database or "").strip()
    if backend not in {"postgresql", "postgres", "sqlite"}:
        return "must start with postgresql:// or sqlite://"
    if backend != "sqlite":
        has_port = url.port is None or 1 <= url.port <= MAX_PORT
        return None if database and has_port else "must name a database, and a port up to 65535"
    if database in {"", ":memory:"} or database.startswith("file:"):
        return "must name a file: a database in memory loses everything that was promised"
    return "must have three slashes before the file's name, or four" if url.host else None


DatabaseUrl = Annotated[SecretStr, AfterValidator(_require_known)]
