"""Each reason why a database cannot be used has its own message with a way to mend it.

The doctor reports it, and so does a migration that is refused.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from sqlalchemy import URL, make_url

from app.config.settings import DATABASE_FILE
from app.shared.infrastructure.database.diagnosis import diagnosed
from tests.integration.cli.conftest import Run, Set
from tests.support.certificates import Authority
from tests.support.databases import run as run_statement
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer

PASSWORD: Final = "c4n4ry"


@pytest.fixture(scope="module")
def server() -> Iterator[URL]:
    """A server that accepts some roles without a password, and others not at all."""
    started = PostgresServer()
    url = started.url("postgres")
    rules = started.directory / "data" / "pg_hba.conf"
    own = rules.read_text()
    for role, rule in (("ghost", "trust"), ("asleep", "trust"), ("stranger", "reject")):
        own = f"host all {role} 127.0.0.1/32 {rule}\n{own}"
    rules.write_text(own)
    for statement in (
        "SELECT pg_reload_conf()",
        "CREATE ROLE asleep NOLOGIN",
        f"CREATE ROLE crowd LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0",
        f"CREATE ROLE outsider LOGIN PASSWORD '{PASSWORD}'",
        "CREATE DATABASE closed",
        "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
        "CREATE DATABASE standby",
        "ALTER DATABASE standby SET default_transaction_read_only = on",
    ):
        asyncio.run(run_statement(url, statement))
    yield url
    started.stop()


@pytest.fixture
def expect(run: Run, set_to: Set) -> Callable[..., None]:
    """Both commands report this of a database, and exit with 1."""
    set_to(port=free_port(), database_timeout_seconds=0.5)

    def expect(url: URL | str, seen: str, fix: str, *, of: tuple[str, ...] = ()) -> None:
        address = url if isinstance(url, str) else url.render_as_string(hide_password=False)
        set_to(database_url=address)
        for command in of or ("doctor", "migrate"):
            result = run(command)
            told = result.output + result.errors
            assert seen in told
            assert f"fix: {fix}" in told
            assert PASSWORD not in told
            assert "Traceback" not in told
            assert "database unavailable" not in told  # the line of the log
            assert result.code == 1

    return expect


Expect = Callable[..., None]


# --- Roles and databases ------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["postgres", "nobody"])
def test_a_wrong_password_and_a_role_that_a_password_would_hide(
    server: URL, expect: Expect, role: str
) -> None:
    url = server.set(username=role, password=PASSWORD)
    expect(url, f"the password of {role} is wrong, or there is no such role", "mend user and")


@pytest.mark.parametrize("role", ["ghost", "asleep"])
def test_a_role_that_is_missing_or_may_not_sign_in(server: URL, expect: Expect, role: str) -> None:
    expect(
        server.set(username=role),
        f"the role {role} does not exist",
        "mend the user in DATABASE_URL",
    )


def test_a_role_that_pg_hba_does_not_allow_from_here(server: URL, expect: Expect) -> None:
    expect(
        server.set(username="stranger"),
        "pg_hba.conf does not allow this connection of stranger",
        "add a line",
    )


def test_a_database_that_does_not_exist(server: URL, expect: Expect) -> None:
    expect(server.set(database="nowhere"), "the database nowhere does not exist", "mend the name")


def test_a_database_that_the_role_may_not_use(server: URL, expect: Expect) -> None:
    url = server.set(username="outsider", password=PASSWORD, database="closed")
    expect(url, "outsider lacks a right", "let the owner of the tables grant it")


def test_a_server_that_has_no_connection_left(server: URL, expect: Expect) -> None:
    url = server.set(username="crowd", password=PASSWORD)
    expect(url, "the server has no connection left", "lower DATABASE_POOL_SIZE")


def test_a_server_that_accepts_no_writes(server: URL, expect: Expect) -> None:
    url = server.set(database="standby")
    expect(url, "default_transaction_read_only on", "name the primary in DATABASE_URL")


# --- The way there ------------------------------------------------------------------------------


def test_an_unknown_host(expect: Expect) -> None:
    expect(
        "postgresql://ana@db.invalid/shop",
        "the host of db.invalid:5432 is unknown",
        "mend the host",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_at_which_nothing_listens(expect: Expect, host: str) -> None:
    url = f"postgresql://ana:{PASSWORD}@{host}:1/shop"
    expect(url, f"nothing listens at {host}:1", "start the server, or mend host and port")


def test_a_missing_socket(expect: Expect, tmp_path: Path) -> None:
    url = f"postgresql://ana@/shop?host={tmp_path}"
    expect(url, f"no socket of a server in {tmp_path}", "start the server")


@contextmanager
def answering(*answers: bytes, proof: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that sends this to each client, and then may start TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk(caller: socket.socket) -> None:
            caller.recv(1000)
            caller.sendall(b"".join(answers))
            if proof is not None:
                proof.wrap_socket(caller, server_side=True).close()

        def talk_to_all() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                with caller, suppress(OSError):
                    talk(caller)

        thread = threading.Thread(target=talk_to_all, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_server_that_is_not_postgresql(expect: Expect) -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        url = f"postgresql://ana@127.0.0.1:{port}/shop?sslmode=disable"
        expect(url, f"127.0.0.1:{port} closed the connection", "mend host and port")


def test_a_server_that_does_not_answer(expect: Expect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql://ana@127.0.0.1:{port}/shop"
        # A migration waits longer than a test may.
        expect(url, f"127.0.0.1:{port} does not answer in time", "check that", of=("doctor",))


# --- TLS ----------------------------------------------------------------------------------------


def test_a_server_without_tls(server: URL, expect: Expect) -> None:
    """The server of the tests was built without TLS."""
    url = server.update_query_dict({"sslmode": "require"})
    expect(url, f"127.0.0.1:{server.port} does not support TLS", "switch it on there")


@pytest.mark.parametrize(("is_trusted", "why"), [(False, "issuer"), (True, "not valid for")])
def test_a_certificate_that_is_not_trusted(
    expect: Expect, tmp_path: Path, *, is_trusted: bool, why: str
) -> None:
    (tmp_path / "other").mkdir()
    authority, other = Authority(tmp_path), Authority(tmp_path / "other")
    trusted = authority if is_trusted else other
    with answering(b"S", proof=authority.server_of("db.example.com")) as port:
        url = f"postgresql://ana@127.0.0.1:{port}/shop"
        url += f"?sslmode=verify-full&sslrootcert={trusted.file}"
        expect(url, f"the TLS certificate of 127.0.0.1:{port} is not trusted", "name the authority")
        expect(url, why, "name the authority")


@pytest.mark.parametrize("option", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
def test_a_tls_file_that_cannot_be_read(
    server: URL, expect: Expect, tmp_path: Path, option: str
) -> None:
    files = {name: str(tmp_path / "any.pem") for name in ("sslrootcert", "sslcert", "sslkey")}
    Path(files["sslcert"]).write_text("no certificate")
    files[option] = str(tmp_path / "absent.pem")
    url = server.update_query_dict({"sslmode": "verify-full", **files})
    seen = f"{option} names a file that can't be read: {tmp_path}/absent.pem (No such file"
    expect(url, seen, f"mend {option} in DATABASE_URL")


def test_a_tls_file_that_is_invalid(server: URL, expect: Expect, tmp_path: Path) -> None:
    file = tmp_path / "any.pem"
    file.write_text("no certificate")
    url = server.update_query_dict({"sslmode": "require", "sslcert": str(file)})
    expect(url, f"TLS with 127.0.0.1:{server.port} fails", "check that sslcert and sslkey are PEM")


# --- Files --------------------------------------------------------------------------------------


def in_place_of_a_folder(folder: Path) -> Path:
    (folder / "file").touch(mode=0o600)
    return folder / "file" / DATABASE_FILE


def a_folder(folder: Path) -> Path:
    return folder


def another_kind(folder: Path) -> Path:
    (folder / "text.db").write_text("Lay the foundation. " * 100)
    (folder / "text.db").chmod(0o600)
    return folder / "text.db"


@pytest.mark.parametrize(
    ("make", "seen", "fix"),
    [
        (a_folder, "it can't be opened", "check that DATABASE_URL names a file"),
        (another_kind, "it is not an SQLite database", "name another file"),
    ],
)
def test_a_file_that_can_not_be_used(
    expect: Expect, tmp_path: Path, make: Callable[[Path], Path], seen: str, fix: str
) -> None:
    expect(f"sqlite:///{make(tmp_path)}", seen, fix)


def test_a_file_below_a_file(expect: Expect, tmp_path: Path) -> None:
    expect(
        f"sqlite:///{in_place_of_a_folder(tmp_path)}", "", "check that DATABASE_URL names a file"
    )


# --- What can't be had from a real one in a test --------------------------------------------------

ADDRESS: Final = make_url("postgresql://ana:c4n4ry@db.example.com/shop")


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (asyncpg.CannotConnectNowError("the database system is starting up"), "is starting or"),
        (asyncpg.TargetServerAttributeNotMatched("none"), "accepts no writes"),
        (OSError(113, "No route to host"), "db.example.com:5432 cannot be reached"),
        (ConnectionResetError(104, "reset"), "closed the connection"),
        (
            asyncpg.ClientConfigurationError("sslmode is wrong"),
            "cannot be set up: sslmode is wrong",
        ),
        (asyncpg.DiskFullError("no space left on device"), "DiskFullError 53100: no space"),
    ],
    ids=lambda case: type(case).__name__ if isinstance(case, Exception) else "",
)
def test_each_error_has_its_explanation(error: Exception, seen: str) -> None:
    trouble = diagnosed(error, ADDRESS)
    assert seen in trouble.seen
    assert trouble.fix
    assert PASSWORD not in str(trouble)


def test_a_migration_that_breaks_a_rule_does_not_quote_the_row() -> None:
    error = asyncpg.UniqueViolationError('could not create unique index "uq_user_email"')
    error.detail = "Key (email)=(ana@example.com) is duplicated."
    trouble = diagnosed(error, ADDRESS)
    assert "uq_user_email" in trouble.seen
    assert "ana@example.com" not in str(trouble)
