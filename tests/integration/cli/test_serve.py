"""Serving starts, or says why it does not."""

import resource
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config.settings import NAME
from app.core.http import processes
from app.core.http.open_files import WISHED
from app.shared.infrastructure.database.revisions import heads
from tests.integration.cli.conftest import Run, Set, set_a_later_revision
from tests.integration.cli.test_commands import tables
from tests.support.ports import free_port


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port: int = listener.getsockname()[1]
        yield port


def test_serving_on_a_port_that_is_taken_ends_with_an_error(
    run: Run, set_to: Set, taken: int
) -> None:
    set_to(port=taken)
    code, output, errors = run("serve")
    assert code == 1
    assert f"cannot listen on 127.0.0.1:{taken}: Address already in use; fix: " in errors
    assert "is at http" not in output  # it never was
    assert "Traceback" not in output + errors
    assert "user" in tables()  # in development it was migrated first


@pytest.mark.parametrize("host", ["nosuch.invalid", "[::1]", "192.0.2.1"])
def test_serving_on_a_foreign_host_says_what_to_set(run: Run, set_to: Set, host: str) -> None:
    set_to(host=host, port=free_port())
    code, output, errors = run("serve")
    assert code == 1
    assert "; fix: set HOST to an address of this machine" in errors
    assert "is at http" not in output


@pytest.mark.parametrize(
    ("host", "address"),
    [("::1", "[::1]"), ("localhost", "localhost"), ("0.0.0.0", "127.0.0.1")],  # noqa: S104 - shown, not bound
)
def test_serve_prints_an_address_to_open(
    run: Run, set_to: Set, monkeypatch: pytest.MonkeyPatch, host: str, address: str
) -> None:
    monkeypatch.setattr(processes, "serve", lambda *_, **__: sys.exit(0))
    set_to(host=host, port=(port := free_port()))
    code, output, _ = run("serve")
    assert code == 0
    assert f"{NAME} 0.1.0 is at http://{address}:{port}\n" in output
    assert f"http://{address}:{port}/docs" in output


def test_serve_raises_the_limit_of_open_files(
    run: Run, set_to: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to(port=free_port())
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    seen: list[int] = []
    look = lambda *_, **__: seen.append(resource.getrlimit(resource.RLIMIT_NOFILE)[0])  # noqa: E731
    monkeypatch.setattr(processes, "serve", look)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    try:
        run("serve")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert seen == [min(before[1], WISHED)] or before[1] == resource.RLIM_INFINITY


@pytest.mark.parametrize("command", [("serve",), ("users", "verify", "ana@example.com")])
def test_a_database_file_that_cannot_be_created_is_reported_in_one_line(
    run: Run, set_to: Set, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    set_to(database_url=f"sqlite:///{tmp_path}/file/a.db", app_env="test", port=free_port())
    code, output, errors = run(*command)
    assert code == 1
    assert errors.count("\n") == 1
    assert "fix: let this user write to the folder of the database's file" in errors
    assert "Traceback" not in output + errors


def test_outside_development_serve_neither_migrates_nor_greets(
    run: Run, set_to: Set, taken: int
) -> None:
    set_to(port=taken, app_env="test")
    code, output, _ = run("serve")
    assert code != 0
    assert "is at http" not in output
    assert "user" not in tables()


@pytest.mark.parametrize(
    "command", [("migrate",), ("migrate", "--down", "base_0001"), ("seed",), ("serve",)]
)
def test_serve_warns_about_a_database_of_a_newer_release(
    run: Run, command: tuple[str, ...]
) -> None:
    run("migrate")
    set_a_later_revision()
    code, _, errors = run(*command)
    assert code == 1
    assert errors.startswith("The database is at revision base_9999, which this code does not know")
    assert f"migrate --down {heads()['base']}\n" in errors


def test_an_older_release_may_leave_the_database_of_a_newer_one_as_it_is(run: Run) -> None:
    run("migrate", "--or-newer")
    before = tables()
    set_a_later_revision()
    code, output, _ = run("migrate", "--or-newer")
    assert (code, output) == (
        0,
        "A newer release has migrated the database; nothing was changed.\n",
    )
    assert tables() == before
    assert before
