"""Explains errors of PostgreSQL's driver to the person who configured the URL."""

import errno
import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
from sqlalchemy.engine import URL

_ERRNO: Final = re.compile(r"\[Errno (\d+)\]")
_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")


class Trouble(NamedTuple):
    """What was found, and how to mend it. Neither contains a password or a row."""

    seen: str
    fix: str


def of_server(error: BaseException, url: URL) -> Trouble | None:
    """Return the explanation, if the error is known."""
    for kinds, explain in _SERVERS:
        if isinstance(error, kinds) and (trouble := explain(error, url)):
            return trouble
    return None


def _place(url: URL) -> str:
    host = url.query.get("host") or url.host or "localhost"
    return f"{host}:{url.port or url.query.get('port') or 5432}"


def _bad_password(_error: BaseException, url: URL) -> Trouble:
    # The server gives the same answer for both, on purpose.
    return Trouble(
        f"the password of {url.username} is wrong, or there is no such role",
        f"mend user and password in DATABASE_URL (in it @ : / ? # % are written as %xx), or, as "
        f"an administrator: ALTER ROLE {quoted(url.username)} LOGIN PASSWORD '…'",
    )


def _no_role(error: BaseException, url: URL) -> Trouble:
    # The server's messages may be in any language; the names of its functions are not.
    if getattr(error, "server_source_function", None) == "InitializeSessionUserId":
        return Trouble(
            f"the role {url.username} does not exist, or may not sign in",
            f"mend the user in DATABASE_URL, or: CREATE ROLE {quoted(url.username)} LOGIN",
        )
    return Trouble(
        f"the server's pg_hba.conf does not allow this connection of {url.username}",
        "add a line for it there and reload, or use encryption: ?sslmode=require",
    )


def _no_database(_error: BaseException, url: URL) -> Trouble:
    name = quoted(url.database)
    return Trouble(
        f"the database {url.database} does not exist",
        f"mend the name in DATABASE_URL, or: CREATE DATABASE {name} TEMPLATE template0 "
        f"ENCODING 'UTF8' OWNER {quoted(url.username)}",
    )


def _no_right(error: BaseException, url: URL) -> Trouble:
    return Trouble(
        f"{url.username} lacks a right: {error}",
        "let the owner of the tables grant it; docs/deployment/README.md has the statements",
    )


def _unknown_host(_error: BaseException, url: URL) -> Trouble:
    return Trouble(
        f"the host of {_place(url)} is unknown",
        "mend the host in DATABASE_URL, or see that this machine's DNS knows it",
    )


def _no_answer(_error: BaseException, url: URL) -> Trouble:
    return Trouble(
        f"{_place(url)} does not answer in time",
        "check that the server runs, and that no firewall blocks it",
    )


def _bad_certificate(error: BaseException, url: URL) -> Trouble:
    why = getattr(error, "verify_message", "")
    return Trouble(
        f"the TLS certificate of {_place(url)} is not trusted: {why}",
        "name the authority that signed it (?sslrootcert=/path), and a host of the certificate",
    )


def _bad_tls(error: BaseException, url: URL) -> Trouble:
    if unreadable := _unreadable_file(url):
        return unreadable
    return Trouble(
        f"TLS with {_place(url)} fails: {getattr(error, 'reason', None) or error}",
        "check that sslcert and sslkey are PEM files of one pair, and that sslmode is right",
    )


def _bad_configuration(error: BaseException, url: URL) -> Trouble:
    return _unreadable_file(url) or Trouble(
        f"the connection cannot be set up: {error.args[0] if error.args else error}",
        "mend the options of DATABASE_URL",
    )


def _unreadable_file(url: URL) -> Trouble | None:
    for option in _FILES:
        if path := url.query.get(option):
            try:
                Path(str(path)).open("rb").close()
            except OSError as error:
                return Trouble(
                    f"{option} names a file that can't be read: {path} ({error.strerror})",
                    f"mend {option} in DATABASE_URL, or let the service's user read the file",
                )
    return None


def _of_network(error: BaseException, url: URL) -> Trouble | None:
    refused = Trouble(
        f"nothing listens at {_place(url)}",
        "start the server, or mend host and port in DATABASE_URL",
    )
    if "SSL upgrade" in str(error):
        return Trouble(
            f"{_place(url)} does not support TLS",
            "switch it on there (ssl = on), or, in your own network, use ?sslmode=disable",
        )
    # If a name has several addresses, the driver joins all errors in one, without a number.
    number = getattr(error, "errno", None) or int((_ERRNO.search(str(error)) or [0, 0])[1])
    if number in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return refused._replace(seen=f"{_place(url)} cannot be reached")
    if number == errno.ECONNREFUSED:
        return refused
    if unreadable := _unreadable_file(url):
        return unreadable
    if number in {errno.ENOENT, errno.EACCES}:  # a Unix socket
        return refused._replace(seen=f"there is no socket of a server in {_place(url)}")
    return None


def _no_postgresql(_error: BaseException, url: URL) -> Trouble:
    return Trouble(
        f"{_place(url)} closed the connection: perhaps it is not PostgreSQL, or is restarting",
        "mend host and port in DATABASE_URL, and look into the server's log",
    )


def _full(_error: BaseException, _url: URL) -> Trouble:
    return Trouble(
        "the server has no connection left",
        "lower DATABASE_POOL_SIZE or the number of processes, or raise max_connections there",
    )


def _not_yet(_error: BaseException, url: URL) -> Trouble:
    return Trouble(f"{_place(url)} is starting or stopping", "wait a moment and try again")


def no_primary(_error: BaseException | None, url: URL) -> Trouble:
    return Trouble(
        f"{_place(url)} accepts no writes: it is a standby, a former primary, or has "
        "default_transaction_read_only on (some providers set it when the disk is full)",
        "name the primary in DATABASE_URL, or all servers of the cluster; or, as an administrator: "
        f"ALTER ROLE {quoted(url.username)} SET default_transaction_read_only = off",
    )


def _no_schema(_error: BaseException, url: URL) -> Trouble:
    return Trouble(
        f"no schema in the search_path of {url.username} exists",
        "CREATE SCHEMA it, or mend search_path: options=-c%20search_path%3Dpublic in DATABASE_URL, "
        f"or: ALTER ROLE {quoted(url.username)} SET search_path = public",
    )


Explain = Callable[[Any, URL], Trouble | None]
# The first match counts: errors of TLS, names and time are errors of the network too.
_SERVERS: Final[tuple[tuple[Any, Explain], ...]] = (
    (asyncpg.InvalidPasswordError, _bad_password),
    (asyncpg.InvalidAuthorizationSpecificationError, _no_role),
    (asyncpg.InvalidCatalogNameError, _no_database),
    (asyncpg.InsufficientPrivilegeError, _no_right),
    (asyncpg.InvalidSchemaNameError, _no_schema),
    (asyncpg.TooManyConnectionsError, _full),
    (asyncpg.CannotConnectNowError, _not_yet),
    ((asyncpg.TargetServerAttributeNotMatched, asyncpg.ReadOnlySQLTransactionError), no_primary),
    (socket.gaierror, _unknown_host),
    (TimeoutError, _no_answer),
    (ssl.SSLCertVerificationError, _bad_certificate),
    (ssl.SSLError, _bad_tls),
    ((asyncpg.InterfaceError, ValueError), _bad_configuration),
    (OSError, _of_network),
    ((OSError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError), _no_postgresql),
)


def quoted(name: str | None) -> str:
    """Return a name, of a role or a database, as SQL writes it."""
    return '"' + (name or "").replace('"', '""') + '"'
