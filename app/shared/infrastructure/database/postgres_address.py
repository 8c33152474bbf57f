"""How a connection to PostgreSQL is asked for: the same for the service and for its migrations."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.engine import URL

APPLICATION: Final = "alicerce"
# What is in the address for the server or for us; the driver would take the last one for a
# setting of the server.
_NOT_THE_DRIVERS: Final = ("application_name", "connect_timeout", "options")


def connect_arguments(url: URL, *, timeout: float, settings: Mapping[str, str]) -> dict[str, Any]:
    """Return what the driver's `connect` takes for an address.

    `timeout` is the longest wait in seconds: `connect_timeout` in the address can only shorten it.
    `settings` are the server's for the connection, and hold whatever `options` in the address says.
    """
    asked = {name: str(url.query[name]) for name in _NOT_THE_DRIVERS if name in url.query}
    seconds = float(asked.pop("connect_timeout", timeout))
    dsn = url.set(drivername="postgresql").difference_update_query(_NOT_THE_DRIVERS)
    return {
        "dsn": dsn.render_as_string(hide_password=False),
        "timeout": min(seconds, timeout),
        "server_settings": {"application_name": APPLICATION, **asked, **settings},
    }
