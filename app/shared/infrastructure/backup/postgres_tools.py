"""Runs `pg_dump` and `pg_restore`. They get the address of the server by their environment."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from app.shared.infrastructure.backup.manifest import BackupFailed

_VERSION: Final = re.compile(r"\s(\d+)(\.\d+)?")
# The variables of libpq that are not named after the option.
_VARIABLES: Final = {"application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}


class PostgresTools:
    """The tools in a folder, or those in the PATH, for one server."""

    def __init__(self, folder: Path | None, url: URL, *, server: int) -> None:
        """`server` is the server's major version, such as 18. Raises BackupFailed."""
        self._folder, self._server = folder, server
        self._environment = {**os.environ, "LC_ALL": "C.UTF-8", **_address(url)}
        self._dump, self._restore = self._found("pg_dump"), self._found("pg_restore")

    @contextmanager
    def dumping(self, file: Path, *, snapshot: str) -> Iterator[None]:
        """Dump the database into a file during the block; its end waits. Raises BackupFailed."""
        command = [self._dump, "--format=custom", f"--snapshot={snapshot}", f"--file={file}"]
        with self._started([*command, "--no-password"]) as process:
            try:
                yield
            except BaseException:
                process.kill()
                raise
            _end(process)

    def restore(self, file: Path, into: str) -> None:
        """Restore a dump into an empty database, all of it or nothing. Raises BackupFailed."""
        strictly = ["--exit-on-error", "--single-transaction", "--no-password"]
        with self._started([self._restore, *strictly, f"--dbname={into}", str(file)]) as process:
            _end(process)

    def tables_in(self, file: Path) -> str:
        """Return the table of contents of a dump. Raises BackupFailed if it is none."""
        with self._started([self._restore, "--list", str(file)]) as process:
            return _end(process)

    @contextmanager
    def _started(self, command: list[str]) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(  # noqa: S603 - the arguments are made here, and no shell reads them
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            yield process

    def _found(self, tool: str) -> str:
        path = shutil.which(tool, path=None if self._folder is None else str(self._folder))
        where = f"in {self._folder}" if self._folder else "in the PATH"
        fix = (
            f"Install PostgreSQL's client {self._server}, or name its folder: "
            f"POSTGRES_TOOLS=/usr/lib/postgresql/{self._server}/bin"
        )
        if path is None:
            raise BackupFailed(f"There is no {tool} {where}. {fix}")
        with self._started([path, "--version"]) as process:
            found = _VERSION.search(said := _end(process))
        if found is None or int(found[1]) < self._server:
            raise BackupFailed(
                f"{path} is {said.strip()}, which is older than the server, {self._server}. {fix}"
            )
        return path


def _end(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate()
    if process.returncode == 0:
        return output
    # The other lines may quote rows.
    told = [line for line in errors.splitlines() if re.match(r"pg_\w+: error: ", line)]
    tool = Path(str(process.args[0])).name  # type: ignore[index]  # a list, see above
    raise BackupFailed("\n".join(told) or f"{tool} ended with code {process.returncode}.")


def _address(url: URL) -> dict[str, str]:
    """Return the variables by which libpq reaches the database; a password is in no argument."""
    if "sslpassword" in url.query:
        raise BackupFailed(
            "pg_dump can't be given the sslpassword of DATABASE_URL; store the key without one."
        )
    hosts, ports = _hosts(url)
    given = {
        "PGHOST": hosts,
        "PGPORT": ports,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    for option, value in url.query.items():
        if option not in {"host", "port"}:
            variable = _VARIABLES.get(option, f"PG{option.replace('_', '').upper()}")
            given[variable] = str(value)
    return {name: str(value) for name, value in given.items() if value}


def _hosts(url: URL) -> tuple[str, str]:
    """Return hosts and ports as libpq lists them: `a,b` and `5432,5433`."""
    named = str(url.query.get("host") or url.host or "").split(",")
    ports = str(url.query.get("port") or url.port or "").split(",")
    pairs = [
        (host, "") if "/" in host else re.fullmatch(r"(.*?)(?::(\d+))?", host).groups("")  # type: ignore[union-attr]  # matches all
        for host in named
    ]
    last = ports[-1]
    each = [port or (ports[i] if i < len(ports) else last) for i, (_, port) in enumerate(pairs)]
    return ",".join(host for host, _ in pairs), ",".join(each).strip(",") and ",".join(each)
