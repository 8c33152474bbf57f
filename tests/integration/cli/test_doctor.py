"""The doctor reports each problem, created here on purpose, and says how to mend it."""

import datetime as dt
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest
import time_machine

from app.config.settings import DATABASE_FILE, load_settings
from app.main import create_app
from tests.integration.cli.conftest import Result, Run, Set, set_a_later_revision
from tests.support.ports import free_port
from tests.support.production import PRODUCTION
from tests.support.server import served

SUBJECTS = ["python", "settings", "modules", "data", "port", "database", "schema", "clock"]
AHEAD, BEHIND = dt.timedelta(hours=1), -dt.timedelta(hours=1)


def findings(result: Result) -> dict[str, tuple[str, str]]:
    """The doctor's output: by subject, whether it is ok, and the words."""
    found: dict[str, tuple[str, str]] = {}
    subject = ""
    for line in result.output.splitlines():
        if line.lstrip().startswith("fix: "):
            mark, seen = found[subject]
            found[subject] = mark, f"{seen} | {line.strip()}"
        else:
            mark, subject, seen = line.split(maxsplit=2)
            found[subject] = mark, seen
    return found


def the_trouble(result: Result) -> tuple[str, str]:
    """The subject and the words of the only problem."""
    [(subject, seen)] = [
        (subject, seen) for subject, (mark, seen) in findings(result).items() if mark == "trouble"
    ]
    assert result.code == 1
    assert "fix: " in seen
    return subject, seen


@pytest.fixture(autouse=True)
def sound(set_to: Set) -> None:
    """The settings are valid."""
    set_to(port=free_port())


@pytest.fixture
def migrated(set_to: Set, clean_database: None, database_url: str) -> None:
    """The database is usable, of either kind."""
    set_to(database_url=database_url)


@pytest.fixture
def migrated_file(run: Run) -> Path:
    """A database and all other files of the service, in their own folder."""
    assert run("migrate").code == 0
    return Path("var", DATABASE_FILE)


def test_a_healthy_service_passes_all_checks(run: Run, migrated: None) -> None:
    result = run("doctor")
    assert {mark for mark, _ in findings(result).values()} == {"ok"}
    assert list(findings(result)) == SUBJECTS
    assert (result.code, result.errors) == (0, "")


# --- Python and settings ------------------------------------------------------------------------


def test_a_python_that_is_too_old(
    run: Run, migrated: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert the_trouble(run("doctor")) == (
        "python",
        "3.10.4 | fix: install Python 3.11 or newer, then: make install",
    )


def test_an_invalid_setting_is_reported(run: Run, set_to: Set) -> None:
    set_to(port="s3cret")
    result = run("doctor")
    subject, seen = the_trouble(result)
    assert (subject, seen.split(":")[0]) == ("settings", "PORT")
    assert seen.endswith("fix: set it, for example: PORT=8000")
    assert "s3cret" not in result.output
    assert list(findings(result)) == ["python", "settings"]


def test_a_file_of_settings_that_can_not_be_read(run: Run, set_to: Set, tmp_path: Path) -> None:
    set_to(env_file=tmp_path)
    subject, seen = the_trouble(run("doctor"))
    assert subject == "settings"
    assert seen == f"ENV_FILE: {tmp_path} can't be read (Is a directory) | fix: correct it"


def test_every_invalid_setting_is_named(run: Run, set_to: Set) -> None:
    set_to(port="x", app_env="x", jwt_secret_key="short")
    output = run("doctor").output
    assert output.count("trouble") == output.count("fix: ") == 3


# --- Data ---------------------------------------------------------------------------------------


def test_a_data_folder_that_cannot_be_created(run: Run, set_to: Set, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    set_to(data_dir=tmp_path / "file")
    subject, seen = the_trouble(run("doctor"))
    assert subject == "settings"
    assert seen.startswith(f"DATA_DIR: {tmp_path / 'file'}")
    assert " can't be used (" in seen


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_place_of_the_data_folder(
    run: Run, set_to: Set, migrated: None, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch(mode=0o755)
    set_to(data_dir=tmp_path / place, jwt_secret_key="k" * 32)
    subject, seen = the_trouble(run("doctor"))
    assert subject == "data"
    assert seen.endswith("fix: make DATA_DIR a folder that this user may write to")


def test_production_on_a_server_needs_no_data_folder(
    run: Run, set_to: Set, tmp_path: Path, postgresql_url: str
) -> None:
    (tmp_path / "file").touch()
    set_to(**PRODUCTION, database_url=postgresql_url, data_dir=tmp_path / "file")
    result = run("doctor")
    assert result.code == 0
    assert findings(result)["data"][1].endswith("is not needed: nothing is stored there")


@pytest.mark.parametrize("name", [DATABASE_FILE, "mail", "secrets/jwt_secret_key"])
def test_files_that_other_users_can_read_are_reported(
    run: Run, migrated_file: Path, name: str
) -> None:
    (migrated_file.parent / "mail").mkdir(mode=0o700)
    opened = migrated_file.parent / name
    opened.chmod(0o755)
    assert the_trouble(run("doctor")) == (
        "data",
        f"other users of this machine can read var/{name} | fix: chmod o= var/{name}",
    )
    opened.chmod(0o750)
    assert run("doctor").code == 0


# --- Port ---------------------------------------------------------------------------------------

IN_USE = (
    "Address already in use | fix: stop the process that uses the port, "
    "or set PORT (and HOST) to a free one"
)


@contextmanager
def silent() -> Iterator[int]:
    """Has the port, and never answers."""
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        yield owner.getsockname()[1]


@contextmanager
def speaking(greeting: bytes) -> Iterator[int]:
    """Listens, and sends the same to each client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(greeting)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(
    "somebody",
    [
        pytest.param(silent, id="silent"),
        pytest.param(partial(speaking, b"SSH-2.0-OpenSSH_9.9\r\n"), id="ssh"),
        pytest.param(partial(speaking, b""), id="hanging-up"),
        pytest.param(
            partial(speaking, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), id="http"
        ),
        pytest.param(
            partial(speaking, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), id="a-greeting"
        ),
    ],
)
def test_a_port_of_another_program_is_reported(
    run: Run, set_to: Set, sqlite_url: str, somebody: Callable[[], AbstractContextManager[int]]
) -> None:
    set_to(database_url=sqlite_url)
    with somebody() as port:
        set_to(port=port)
        assert the_trouble(run("doctor")) == ("port", f"127.0.0.1:{port}: {IN_USE}")


def test_a_port_of_this_service_is_fine(run: Run, set_to: Set, sqlite_url: str) -> None:
    set_to(database_url=sqlite_url, http_proxy="http://127.0.0.1:1")
    with served(create_app(load_settings())) as address:
        port = address.rpartition(":")[2]
        set_to(port=port)
        result = run("doctor")
    assert result.code == 0
    assert findings(result)["port"] == ("ok", f"127.0.0.1:{port} is used by this service already")


def test_an_ipv6_host_is_checked_too(run: Run, set_to: Set, sqlite_url: str) -> None:
    set_to(database_url=sqlite_url, host="::1")
    port = load_settings().port
    assert findings(run("doctor"))["port"][1].startswith(f"[::1]:{port}")


@pytest.mark.parametrize("host", ["nosuch.invalid", "192.0.2.1"])
def test_a_host_that_is_not_ours(run: Run, set_to: Set, sqlite_url: str, host: str) -> None:
    set_to(database_url=sqlite_url, host=host)
    subject, seen = the_trouble(run("doctor"))
    assert subject == "port"
    assert " | fix: set HOST to an address of this machine" in seen


# --- Database -----------------------------------------------------------------------------------


def test_a_database_that_is_not_migrated(run: Run) -> None:
    subject, seen = the_trouble(run("doctor"))
    assert subject == "schema"
    assert seen.startswith("The database is empty")
    assert seen.endswith("fix: python -m app migrate")


def test_a_database_of_a_later_version_is_fine(run: Run) -> None:
    run("migrate")
    set_a_later_revision()
    result = run("doctor")
    assert result.code == 0
    assert findings(result)["schema"][1].startswith("newer than this code")


def test_a_file_with_a_damaged_unused_page_is_reported(run: Run, migrated_file: Path) -> None:
    whole = migrated_file.read_bytes()
    migrated_file.write_bytes(whole[:40_960] + b"\xde" * 20_480 + whole[61_440:])
    subject, seen = the_trouble(run("doctor"))
    assert subject == "database"
    assert seen.startswith(f"sqlite: {migrated_file}: it is damaged | fix: stop the service and")


# --- Clock --------------------------------------------------------------------------------------


def test_a_clock_that_is_behind_the_last_event(run: Run, set_to: Set, migrated: None) -> None:
    run("users", "create-admin", "admin@example.com")
    with time_machine.travel(BEHIND):
        subject, seen = the_trouble(run("doctor"))
    assert subject == "clock"
    assert int(seen.split()[0]) == pytest.approx(3600, abs=60)
    assert seen.endswith("fix: set the clock of this machine, best by NTP")


def test_a_clock_that_is_ahead_of_the_server(run: Run, set_to: Set, postgresql_url: str) -> None:
    set_to(database_url=postgresql_url)
    with time_machine.travel(AHEAD):
        assert the_trouble(run("doctor"))[0] == "clock"


def test_a_clock_that_is_behind_the_server(run: Run, set_to: Set, postgresql_url: str) -> None:
    set_to(database_url=postgresql_url)
    with time_machine.travel(BEHIND):
        assert the_trouble(run("doctor"))[0] == "clock"


def test_a_difference_of_some_seconds_is_fine(run: Run, set_to: Set, postgresql_url: str) -> None:
    set_to(database_url=postgresql_url)
    with time_machine.travel(dt.timedelta(seconds=20)):
        assert run("doctor").code == 0
