"""The service with the settings of production: what it shows, hides and refuses."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.config.settings import DATABASE_FILE
from tests.support.ports import free_port
from tests.support.production import PRODUCTION
from tests.support.server import Command, Running
from tests.support.sockets import Reply, exchange, start

HOST = "api.example.com"
# Paths that vulnerability scanners request.
HIDDEN = [
    "/",
    "/docs",
    "/docs/",
    "/docs/start.js",
    "/redoc",
    "/openapi.json",
    "/openapi.yaml",
    "/swagger",
    "/swagger-ui.html",
    "/metrics",
    "/metrics/",
    "/.env",
    "/.git/config",
    "/.git/HEAD",
    "/admin",
    "/admin/",
    "/debug",
    "/console",
    "/_profiler",
    "/actuator",
    "/actuator/env",
    "/server-status",
    "/phpinfo.php",
    "/wp-login.php",
    "/graphql",
    "/api",
    "/api/v1",
    "/api/v1/docs",
    "/api/v1/openapi.json",
    "/api/openapi.json",
    "/status",
    "/health",
    "/health/",
    "/static/",
    "/robots.txt",
    "/favicon.ico",
    "/__debug__/",
    "/pprof",
    "/debug/pprof/",
    "/backup.sql",
    "/config.json",
    "/.aws/credentials",
]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The signing key is in a file, as with Docker secrets."""
    folder = tmp_path_factory.mktemp("production")
    key = folder / "key"
    key.write_text(PRODUCTION["JWT_SECRET_KEY"] + "\n")
    settings = {**PRODUCTION, "JWT_SECRET_KEY": "", "JWT_SECRET_KEY_FILE": str(key)}
    settings |= {"METRICS_TOKEN": "5b0d7c1f93e84a62", "CORS_ORIGINS": "https://app.example.com"}
    assert Command(folder, settings).run("migrate").returncode == 0
    running = start(folder, port, **settings)
    yield running
    running.kill()


def ask(port: int, line: str, *headers: str, host: str = HOST) -> Reply:
    lines = [f"{line} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    return exchange(port, "".join(f"{each}\r\n" for each in [*lines, ""]).encode())


def test_production_is_live_and_ready(server: Running, port: int) -> None:
    assert ask(port, "GET /health/ready").json() == {"status": "ready"}


@pytest.mark.parametrize("path", HIDDEN)
def test_documentation_and_metrics_are_hidden(server: Running, port: int, path: str) -> None:
    answer = ask(port, f"GET {path}")
    assert (answer.status, answer.json()["code"]) == (404, "not_found")


def test_metrics_require_the_token(server: Running, port: int) -> None:
    assert ask(port, "GET /metrics", "Authorization: Bearer 5b0d7c1f93e84a62").status == 200
    assert ask(port, "GET /metrics", "Authorization: Bearer 5b0d7c1f93e84a63").status == 404


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("GET /health/live", HOST, 200),
        ("GET /problems/not_found", HOST, 200),
        ("GET /nothing", HOST, 404),
        ("GET /api/v1/users/me", HOST, 401),
        ("PUT /api/v1/users/me", HOST, 405),
        ("POST /api/v1/auth/refresh", HOST, 400),
        ("GET /api/v1/users/me", "c4n4ry.example", 421),
        ("GET /api/v1/users/me", "a b", 400),
        ("BREW /", HOST, 501),
        (f"GET /{'a' * 9000}", HOST, 414),
    ],
)
def test_every_answer_has_hsts_and_security_headers(
    server: Running, port: int, line: str, host: str, status: int
) -> None:
    answer = ask(port, line, "Origin: https://app.example.com", host=host)
    assert answer.status == status
    headers = answer.headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["vary"] == "origin"
    assert "server" not in headers
    assert "x-request-id" in headers
    assert host.encode() not in answer.whole


@pytest.mark.parametrize("accept", ["text/html", "image/png;q=0.5", "c4n4ry", "application/xml"])
def test_a_client_that_accepts_another_format_gets_json(
    server: Running, port: int, accept: str
) -> None:
    answer = ask(port, "GET /health/live", f"Accept: {accept}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


def test_links_in_emails_begin_with_the_url_of_the_settings(server: Running, port: int) -> None:
    for host in (HOST, "c4n4ry.example"):
        answer = ask(port, "GET /docs/../nothing/", f"X-Forwarded-Host: {host}", host=host)
        assert "location" not in answer.headers
    assert "c4n4ry" not in server.output


# --- What it refuses ----------------------------------------------------------------------------

REFUSED = {
    "no settings": ({name: "" for name in PRODUCTION if name != "APP_ENV"}, "JWT_SECRET_KEY"),
    "a key that was typed": ({"JWT_SECRET_KEY": "c4n4ry" * 10}, "JWT_SECRET_KEY"),
    "any host": ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
    "debugging": ({"DEBUG": "true"}, "DEBUG"),
    "several processes and SQLite": ({"WEB_CONCURRENCY": "2"}, "DATABASE_URL"),
    "a secret twice": ({"JWT_SECRET_KEY_FILE": "/c4n4ry"}, "JWT_SECRET_KEY"),
    "a file that is not there": ({"SMTP_URL": "", "SMTP_URL_FILE": "/c4n4ry"}, "SMTP_URL_FILE"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_bad_settings_stop_the_start(tmp_path: Path, what: str, command: str) -> None:
    wrong, name = REFUSED[what]
    ended = Command(tmp_path, {**PRODUCTION, "PORT": str(free_port()), **wrong}).run(command)
    assert ended.returncode == 1
    first, problem, *_ = ended.stderr.splitlines()
    assert first == "The settings are not valid:"
    assert problem.strip().startswith(name)
    assert "c4n4ry" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_the_first_administrator_is_created_once(tmp_path: Path) -> None:
    command = Command(tmp_path, dict(PRODUCTION))
    (tmp_path / "data").mkdir()
    assert command.run("migrate").returncode == 0
    made = command.run("users", "create-admin", "admin@example.com")
    assert made.returncode == 0
    password = made.stdout.strip().rpartition(": ")[2]
    again = command.run("users", "create-admin", "admin@example.com")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "There is already an account with this email address.\n"
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_FILE)) as connection:
        assert password not in "".join(connection.iterdump())
