"""Each command does its work, or says in one line why not."""

import runpy
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from app.config.settings import DATABASE_FILE, load_settings
from app.main import create_app
from app.modules.user.application.seed import PASSWORD, USERS
from app.shared.infrastructure.database.revisions import revisions
from tests.integration.cli.conftest import Run, Set
from tests.support.production import PRODUCTION
from tests.support.server import Command, served

AWAY = "postgresql://somebody:s3cret@127.0.0.1:1/shop"


def tables() -> set[str]:
    """The tables of the default database."""
    with closing(sqlite3.connect(f"var/{DATABASE_FILE}")) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}


def test_help_names_every_command(run: Run) -> None:
    code, output, _ = run("--help")
    assert code == 0
    commands = (
        *("serve", "worker", "relay", "migrate", "doctor", "openapi", "seed"),
        *("users", "events"),
    )
    assert [name for name in commands if f" {name} " not in output] == []


@pytest.mark.parametrize("arguments", [[], ["users"]])
def test_without_a_command_help_is_shown(run: Run, arguments: list[str]) -> None:
    _, output, errors = run(*arguments)
    assert "Usage:" in output + errors


def test_python_m_app_is_this_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["app", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("app", run_name="__main__")
    assert ended.value.code == 0
    assert " serve " in capsys.readouterr().out


def test_an_unknown_command_is_an_error(run: Run) -> None:
    code, _, errors = run("fly")
    assert code == 2
    assert "No such command 'fly'" in errors


def test_the_command_line_starts_as_a_process(empty_folder: Path) -> None:
    wrong = {"APP_ENV": "none", "LOG_LEVEL": "s3cret"}
    answer = Command(empty_folder, wrong, is_exec=True).run("migrate")
    assert (answer.returncode, answer.stdout) == (1, "")
    first, *problems = answer.stderr.splitlines()
    assert first == "The settings are not valid:"
    assert sorted(line.split(":")[0].strip() for line in problems) == ["APP_ENV", "LOG_LEVEL"]
    assert "s3cret" not in answer.stderr


# --- settings -----------------------------------------------------------------------------------


def test_a_command_reads_the_settings_file_that_it_is_given(run: Run, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text(f"DATA_DIR={tmp_path / 'here & there'}\n")
    assert run("--env-file", "settings", "migrate") == (0, "The database is up to date.\n", "")
    assert (tmp_path / "here & there" / DATABASE_FILE).exists()


def test_a_missing_settings_file_is_reported_in_one_line(run: Run, tmp_path: Path) -> None:
    code, _, errors = run("--env-file", "nowhere", "migrate")
    assert code == 1
    assert errors == (
        "The settings are not valid:\n"
        f"  ENV_FILE: {tmp_path / 'nowhere'} can't be read (No such file or directory)\n"
    )


# Characters that are special in a URL, a shell, Alembic's configuration or SQLite.
@pytest.mark.parametrize("name", ["50%", "%20", "a?b=c", "a#b", "a b", "it's", 'so "so"', "ação"])
def test_a_data_folder_of_any_name_holds_the_database(run: Run, set_to: Set, name: str) -> None:
    set_to(data_dir=name)
    assert run("migrate") == (0, "The database is up to date.\n", "")
    assert run("users", "create-admin", "admin@example.com").code == 0
    assert [path.name for path in Path.cwd().iterdir()] == [name]
    assert DATABASE_FILE in {path.name for path in Path(name).iterdir()}


# --- migrate ------------------------------------------------------------------------------------


def test_a_fresh_database_is_migrated_up_down_and_up_again(run: Run) -> None:
    assert run("migrate") == (0, "The database is up to date.\n", "")
    assert {"user", "event_log"} <= tables()
    assert run("migrate").code == 0
    assert run("migrate", "--check").code == 0

    assert run("migrate", "--down", "base") == (0, "The database is at base.\n", "")
    assert "user" not in tables()
    code, _, errors = run("migrate", "--check")
    assert (code, errors) == (1, "Target database is not up to date.\n")

    assert run("migrate").code == 0
    assert "user" in tables()


def test_an_unknown_revision_is_an_error(run: Run) -> None:
    code, _, errors = run("migrate", "--down", "nowhere")
    said = f"There is no revision nowhere; there are: {', '.join(revisions())}\n"
    assert (code, errors) == (1, said)


@pytest.mark.parametrize(
    "command",
    [["migrate"], ["migrate", "--check"], ["seed"], ["users", "verify", "ana@example.com"]],
)
def test_an_unreachable_database_is_reported_in_one_line(
    run: Run, set_to: Set, command: list[str]
) -> None:
    set_to(database_url=AWAY)
    code, _, errors = run(*command)
    assert code == 1
    assert errors.startswith("The database ")
    assert errors.count("\n") == 1
    assert "s3cret" not in errors


# --- users --------------------------------------------------------------------------------------


@pytest.fixture
def database(set_to: Set, clean_database: None, database_url: str) -> None:
    """An empty database of each kind, named in the environment."""
    set_to(database_url=database_url)


def test_an_administrator_signs_in_with_the_password_that_was_printed(
    run: Run, database: None
) -> None:
    code, output, errors = run("users", "create-admin", "Admin@Example.com")
    assert (code, errors) == (0, "")
    told, password = output.strip().split(": ")
    assert told == "The password of Admin@Example.com (it is shown only once)"

    with served(create_app(load_settings())) as address, httpx2.Client(base_url=address) as client:
        form = {"username": "admin@example.com", "password": password}
        pair = client.post("/api/v1/auth/token", data=form).json()
        authorized = {"Authorization": f"Bearer {pair['access_token']}"}
        users = client.get("/api/v1/users", headers=authorized).json()
    assert [(user["email"], user["roles"]) for user in users["items"]] == [
        ("Admin@example.com", ["admin", "user"])  # as it was typed, except its domain
    ]


def test_an_existing_account_is_not_created_again(run: Run, database: None) -> None:
    run("users", "create-admin", "admin@example.com")
    assert run("users", "create-admin", "ADMIN@example.com") == (
        1,
        "",
        "There is already an account with this email address.\n",
    )


@pytest.mark.parametrize("command", ["create-admin", "verify", "end-sessions"])
def test_an_invalid_address_is_reported_in_one_line(run: Run, database: None, command: str) -> None:
    assert run("users", command, "nonsense") == (
        1,
        "",
        "email: must be an email address such as ana@example.com\n",
    )


@pytest.mark.parametrize("command", ["verify", "end-sessions"])
def test_an_unknown_account_is_reported_and_nothing_is_changed(
    run: Run, database: None, command: str
) -> None:
    assert run("users", command, "ana@example.com") == (1, "", "There is no such user.\n")


def test_a_user_can_sign_in_after_the_command_ended_their_sessions(
    run: Run, database: None
) -> None:
    account = {"email": "ana@example.com", "password": "correct horse battery", "full_name": "Ana"}
    form = {"username": account["email"], "password": account["password"]}
    with served(create_app(load_settings())) as address, httpx2.Client(base_url=address) as client:
        client.post("/api/v1/auth/register", json=account)
        pair = client.post("/api/v1/auth/token", data=form).json()
        ended = run("users", "end-sessions", "ana@example.com")
        assert ended == (0, "All sessions of ana@example.com are ended.\n", "")
        body = {"refresh_token": pair["refresh_token"]}
        assert client.post("/api/v1/auth/refresh", json=body).status_code == 401
        assert client.post("/api/v1/auth/token", data=form).status_code == 200


def test_an_account_is_verified_and_then_signs_in(run: Run, set_to: Set, database: None) -> None:
    # In the profile "test" a new account must be verified. The service writes its access log from
    # another thread at any moment, which would be mixed with the command's output.
    set_to(app_env="test", log_level="WARNING")
    account = {
        "email": "ana@example.com",
        "password": "correct horse battery",
        "full_name": "Ana Example",
    }
    form = {"username": account["email"], "password": account["password"]}
    with served(create_app(load_settings())) as address, httpx2.Client(base_url=address) as client:
        client.post("/api/v1/auth/register", json=account)
        assert client.post("/api/v1/auth/token", data=form).status_code == 400
        verified = run("users", "verify", "ana@example.com")
        assert verified == (0, "ana@example.com is verified.\n", "")
        assert client.post("/api/v1/auth/token", data=form).status_code == 200


def test_no_registration_is_verified_if_an_address_has_several(
    run: Run, set_to: Set, database: None
) -> None:
    set_to(app_env="test")
    account = {"email": "ana@example.com", "full_name": "Ana Example"}
    with served(create_app(load_settings())) as address, httpx2.Client(base_url=address) as client:
        for password in ("correct horse battery", "a stranger's battery"):
            client.post("/api/v1/auth/register", json={**account, "password": password})
        code, _, errors = run("users", "verify", "ana@example.com")
    assert code == 1
    assert errors.startswith("Several people registered with this address")


@pytest.mark.parametrize("command", ["create-admin", "verify", "end-sessions"])
def test_an_unmigrated_database_is_reported_in_one_line(run: Run, command: str) -> None:
    code, _, errors = run("users", command, "ana@example.com")
    assert (code, errors) == (1, "The database is empty; run: python -m app migrate\n")


# --- seed ---------------------------------------------------------------------------------------


def test_demo_users_are_added_once_and_can_sign_in(run: Run, database: None) -> None:
    for _ in range(2):
        code, output, _ = run("seed")
        assert code == 0
        assert f"Sign in as {USERS[0]} with the password {PASSWORD!r}." in output.splitlines()
    with served(create_app(load_settings())) as address, httpx2.Client(base_url=address) as client:
        form = {"username": USERS[1], "password": PASSWORD}
        assert client.post("/api/v1/auth/token", data=form).is_success


def test_production_refuses_demo_data(run: Run, set_to: Set) -> None:
    set_to(**PRODUCTION)
    code, output, errors = run("seed")
    assert (code, output) == (1, "")
    assert errors == "Demo data is not allowed in production; nothing was changed.\n"
    assert not Path("var").exists()


# --- openapi ------------------------------------------------------------------------------------


def test_the_document_is_printed_or_written(run: Run) -> None:
    Path("docs/api").mkdir(parents=True)
    Path("docs/architecture").mkdir()
    Path("docs/architecture/events.md").write_text("# Events\n\nBy hand.\n\n")
    Path("docs/deployment").mkdir()
    Path("docs/operations").mkdir()
    Path(".env.example").write_text("# By hand.\n")
    printed = run("openapi").output
    assert run("openapi", "--write") == (0, "", "")
    assert Path("docs/api/openapi.json").read_text(encoding="utf-8") == printed
    assert printed.startswith('{\n  "openapi": "3.1.0"')
    assert "| `not_found` | 404 |" in Path("docs/api/problems.md").read_text(encoding="utf-8")
    catalogue = Path("docs/architecture/events.md").read_text(encoding="utf-8")
    assert catalogue.startswith("# Events\n\nBy hand.\n\n<!--")
    assert "user.registered" in catalogue
    assert Path(".env.example").read_text(encoding="utf-8").startswith("# By hand.\n# ===")
    settings = Path("docs/deployment/settings.md").read_text(encoding="utf-8")
    assert "| `SESSION_IDLE_DAYS` | `14` |" in settings
    commands = Path("docs/operations/commands.md").read_text(encoding="utf-8")
    assert "| `users verify {email}` | Mark the address of an account" in commands
    metrics = Path("docs/operations/metrics.md").read_text(encoding="utf-8")
    assert (
        "| `http_request_duration_seconds` | histogram | `method`, `route`, `status` |" in metrics
    )
    assert '"user.registered"' in Path("docs/architecture/events.json").read_text(encoding="utf-8")
