"""The parameters of a connection to PostgreSQL, for the service and for its migrations."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
from sqlalchemy.engine import URL

APPLICATION: Final = "alicerce"
# Options for the server or for us; the driver would take the last one for a server's setting.
_NOT_THE_DRIVERS: Final = ("application_name", "connect_timeout", "options")
# The settings that our statements expect. A role, a database or a server may have other ones.
_RELIED_ON: Final = {
    "default_transaction_isolation": "read committed",
    "standard_conforming_strings": "on",
    "timezone": "UTC",
}
_NO_LIMITS: Final = """
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('lock_timeout', 'transaction_timeout', 'idle_session_timeout',
    'idle_in_transaction_session_timeout')
"""  # not every version has all of these


async def connect_without_limits(url: URL, *, within: float) -> "asyncpg.Connection[Any]":
    """Return a connection without time limits, for long work.

    The default limits of a role or a database are meant for the service.
    """
    settings = {"statement_timeout": "0"}
    # The driver itself reads the URL, as it does for the service.
    asked = connect_arguments(url, timeout=within, settings=settings)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(**asked)
    await connection.execute(_NO_LIMITS)
    return connection


def connect_arguments(url: URL, *, timeout: float, settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of the driver's `connect` for a URL.

    `timeout` is the longest wait in seconds: `connect_timeout` in the URL can only shorten it.
    `settings` are the server's for the connection, including `options` of the URL.
    """
    asked = {name: str(url.query[name]) for name in _NOT_THE_DRIVERS if name in url.query}
    seconds = float(asked.pop("connect_timeout", timeout))
    dsn = url.set(drivername="postgresql").difference_update_query(_NOT_THE_DRIVERS)
    return {
        "dsn": dsn.render_as_string(hide_password=False),
        "timeout": min(seconds, timeout),
        "server_settings": {"application_name": APPLICATION, **asked, **_RELIED_ON, **settings},
    }
