"""Restores PostgreSQL: into a new database, which then gets the name of the old one."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from app.shared.infrastructure.backup.manifest import BackupFailed
from app.shared.infrastructure.database.long_work import on_database
from app.shared.infrastructure.database.postgres_diagnosis import quoted

LONGEST_NAME: Final = 63  # bytes, of any name in PostgreSQL
_MAINTENANCE: Final = "postgres"
_SERVER: Final = text("SELECT current_setting('server_version_num')::int / 10000")
_EXISTS: Final = text("SELECT count(*) FROM pg_database WHERE datname = :name")
_CONNECTED: Final = text("""
SELECT usename, coalesce(host(client_addr), 'this machine') AS host, count(*) AS times
FROM pg_stat_activity
WHERE datname = :name AND coalesce(backend_type, 'client backend') = 'client backend'
GROUP BY 1, 2 ORDER BY 1, 2
""")  # a role without rights does not see the type of others' connections
_END: Final = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
# Settings that hold a list: each of its items is quoted, and not the whole.
_LISTS: Final = {"local_preload_libraries", "search_path", "session_preload_libraries"}
_RIGHTS: Final = {"CONNECT", "CREATE", "TEMPORARY"}


class Server:
    """The databases of the server that a URL names, for a role that may create some."""

    def __init__(self, url: URL) -> None:
        self._name = url.database or ""
        # A connection to the database itself would keep it from being renamed.
        other = "template1" if self._name == _MAINTENANCE else _MAINTENANCE
        self._url = url.set(database=other)

    @property
    def version(self) -> int:
        return int(self._run(lambda connection: connection.scalar(_SERVER)))

    def exists(self, name: str) -> bool:
        return bool(self._run(lambda connection: connection.scalar(_EXISTS, {"name": name})))

    def refuse_users(self) -> None:
        """Raise BackupFailed, with their names, if somebody uses the database."""
        rows = self._run(lambda connection: connection.execute(_CONNECTED, {"name": self._name}))
        if users := ", ".join(f"{row.times} of {row.usename} from {row.host}" for row in rows):
            raise BackupFailed(
                f"The database {self._name} is in use: connections {users}. Stop the service, or "
                "give --end-connections; then what they write until the end of the restore is "
                "only in the old database. Nothing was changed."
            )

    def create(self, name: str, created_as: dict[str, Any]) -> None:
        """Create an empty database like the one that was backed up."""
        for statement in _creation(name, created_as):
            self._execute(statement)

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {quoted(name)}")

    def swap(self, new: str, *, kept: str, ends_connections: bool) -> None:
        """Give the new database the name, and the old one another, both or neither."""
        live = quoted(self._name)
        renames = [f"ALTER DATABASE {quoted(new)} RENAME TO {live}"]
        if self.exists(self._name):
            renames.insert(0, f"ALTER DATABASE {live} RENAME TO {quoted(kept)}")
        if not ends_connections:
            self._execute(*renames)
            return
        self._execute(f"ALTER DATABASE {live} ALLOW_CONNECTIONS false")
        try:
            self._run(lambda connection: connection.execute(_END, {"name": self._name}))
            self._execute(*renames, f"ALTER DATABASE {quoted(kept)} ALLOW_CONNECTIONS true")
        except BaseException:
            self._execute(f"ALTER DATABASE {live} ALLOW_CONNECTIONS true")
            raise

    def _execute(self, *statements: str) -> None:
        """Run statements, in one transaction if there are several. Raises BackupFailed."""

        def work(connection: Connection) -> None:
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.commit()

        try:
            # CREATE DATABASE must be alone.
            is_alone = len(statements) == 1
            on_database(self._url, work, isolation="AUTOCOMMIT" if is_alone else "READ COMMITTED")
        except DBAPIError as error:
            raise BackupFailed(_explained(error, self._url)) from error

    def _run(self, work: Any) -> Any:
        def run(connection: Connection) -> Any:
            found = work(connection)
            return found.all() if hasattr(found, "all") else found

        return on_database(self._url, run, isolation="AUTOCOMMIT")


def free_name(name: str, suffix: str) -> str:
    """Return a name for another database, short enough for PostgreSQL."""
    room = LONGEST_NAME - len(suffix)
    return name.encode()[:room].decode(errors="ignore") + suffix


def _creation(name: str, like: dict[str, Any]) -> Iterator[str]:
    new, owner = quoted(name), quoted(like["owner"])
    yield f"CREATE DATABASE {new} TEMPLATE template0 ENCODING 'UTF8' OWNER {owner} {_locale(like)}"
    if not like["is_open"]:
        yield f"REVOKE ALL ON DATABASE {new} FROM PUBLIC"
    for grant in like["grants"] or ():
        if grant["right"] in _RIGHTS:
            to = quoted(grant["to"]) if grant["to"] else "PUBLIC"
            option = " WITH GRANT OPTION" if grant["grants"] else ""
            yield f"GRANT {grant['right']} ON DATABASE {new} TO {to}{option}"
    for setting in like["settings"] or ():
        variable, _, value = setting.partition("=")
        items = value.split(",") if variable in _LISTS else [value]
        values = ", ".join(_literal(item.strip().strip('"')) for item in items)
        yield f"ALTER DATABASE {new} SET {quoted(variable)} TO {values}"


def _locale(like: dict[str, Any]) -> str:
    parts = [f"LC_COLLATE {_literal(like['datcollate'])} LC_CTYPE {_literal(like['datctype'])}"]
    own = like.get("datlocale") or like.get("daticulocale") or ""  # before PostgreSQL 17
    if like["datlocprovider"] == "i":
        parts.append(f"LOCALE_PROVIDER icu ICU_LOCALE {_literal(own)}")
    elif like["datlocprovider"] == "b":
        parts.append(f"LOCALE_PROVIDER builtin BUILTIN_LOCALE {_literal(own)}")
    else:
        parts.append("LOCALE_PROVIDER libc")
    return " ".join(parts)


def _explained(error: DBAPIError, url: URL) -> str:
    state = getattr(error.orig, "sqlstate", "")
    said = str(error.orig).partition(": ")[2] or str(error.orig)
    if state == "42501":
        return (
            f"{url.username} lacks a right for it: {said}. As an administrator: "
            f"ALTER ROLE {quoted(url.username)} CREATEDB"
        )
    if state == "55006":
        return f"Somebody has connected meanwhile, so nothing was changed: {said}"
    return said


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
