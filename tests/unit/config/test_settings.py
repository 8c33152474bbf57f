import re
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.config.settings import DATABASE_FILE, InvalidSettingsError, Settings, load_settings
from tests.support.production import KEY, PRODUCTION
from tests.unit.config.conftest import Load

CANARY = "s3cr3t-canary"


def problems(load: Load, **variables: str) -> list[str]:
    with pytest.raises(InvalidSettingsError) as error:
        load(**variables)
    assert str(error.value) == "\n".join(["The settings are not valid:", *error.value.problems])
    return error.value.problems


# --- What is good -------------------------------------------------------------------------------


def test_without_any_variable_development_is_ready_to_run(load: Load, tmp_path: Path) -> None:
    settings = load()
    assert (settings.app_env, settings.host, settings.port) == ("development", "127.0.0.1", 8000)
    assert str(settings.database) == f"sqlite:///{Path('var', DATABASE_FILE)}"
    kept = tmp_path / "var" / "secrets" / "jwt_secret_key"
    assert settings.jwt_secret_key.get_secret_value() == kept.read_text()


def test_data_is_stored_in_the_data_folder(load: Load, tmp_path: Path) -> None:
    settings = load(DATA_DIR=str(tmp_path / "data"))
    assert settings.database.database == str(tmp_path / "data" / DATABASE_FILE)
    assert (tmp_path / "data" / "secrets" / "jwt_secret_key").exists()


GOOD: dict[str, tuple[str, Any]] = {
    "APP_ENV": ("test", "test"),
    "APP_NAME": ("  Shop ", "Shop"),
    "VERSION": ("1.0.0-rc1", "1.0.0-rc1"),
    "DEBUG": ("true", True),
    "HOST": ("::", "::"),
    "PORT": ("0", 0),
    "WEB_CONCURRENCY": ("4", 4),
    "DRAIN_SECONDS": ("20", 20.0),
    "STOP_SECONDS": ("900", 900.0),
    "DATA_DIR": ("elsewhere", Path("elsewhere")),
    "ALLOWED_HOSTS": (" Shop.example.com,10.0.0.1, ", ("shop.example.com", "10.0.0.1")),
    "CORS_ORIGINS": ("http://localhost:5173", ("http://localhost:5173",)),
    "BODY_TIMEOUT_SECONDS": ("300", 300.0),
    "DOCS": ("false", False),
    "HSTS_INCLUDE_SUBDOMAINS": ("true", True),
    "PLAINTEXT_HOSTS": ("DB.internal, 10.0.0.5", ("db.internal", "10.0.0.5")),
    "DATABASE_ECHO": ("1", True),
    "DATABASE_POOL_SIZE": ("200", 200),
    "DATABASE_TIMEOUT_SECONDS": ("0.5", 0.5),
    "DATABASE_SEARCH_TIMEOUT_SECONDS": ("0.5", 0.5),
    "JWT_ALGORITHM": ("HS512", "HS512"),
    "JWT_EXPIRE_MINUTES": ("60", 60),
    "PASSWORD_MEMORY_KIB": ("1048576", 1_048_576),
    "PASSWORD_PASSES": ("20", 20),
    "RATE_LIMITS": ("false", False),
    "QUOTA_IDEMPOTENCY_BYTES": ("1000000", 1_000_000),
    "RATE_LIMIT_PER_MINUTE": ("0", 0),
    "CONNECTIONS_PER_CLIENT": ("10", 10),
    "TRUSTED_PROXIES": (
        "10.0.0.0/8, ::1,192.0.2.7,",
        (ip_network("10.0.0.0/8"), ip_network("::1"), ip_network("192.0.2.7")),
    ),
    "EMAILS_PER_RECIPIENT": ("4", 4),
    "EMAILS_PER_USER": ("100000", 100_000),
    "IDEMPOTENCY_KEEP_HOURS": ("720", 720),
    "EVENTS": ("worker", "worker"),
    "EVENT_CONCURRENCY": ("200", 200),
    "EVENT_QUEUES": (" outside=32,reports=2", {"outside": 32, "reports": 2}),
    "EVENT_WORKER_QUEUES": ("outside, default", ("outside", "default")),
    "EVENT_LEASE_SECONDS": ("1.5", 1.5),
    "EVENT_QUEUE_SECONDS": ("86400", 86_400.0),
    "EVENT_IN_FLIGHT": ("100000", 100_000),
    "EVENT_PROCESSES": ("200", 200),
    "EVENT_WATCHDOG_SECONDS": ("3600", 3_600.0),
    "EVENT_DELIVERY_KEEP_HOURS": ("8760", 8_760),
    "EVENT_LOG_KEEP_DAYS": ("3650", 3_650),
    "MAIL_FROM": ("Shop <shop@example.com>", "Shop <shop@example.com>"),
    "PUBLIC_URL": ("https://api.example.com", "https://api.example.com"),
    "LOG_LEVEL": ("DEBUG", "DEBUG"),
    "METRICS_PORT": ("65535", 65_535),
}


# What a setting needs to be valid.
NEEDED = {
    "EVENTS": {"CELERY_BROKER_URL": "redis://localhost"},
    "METRICS_PORT": {"METRICS_TOKEN": KEY},
}


SECRETS = {
    "REDIS_URL": [
        "redis://localhost",
        f"redis://:{CANARY}@host:6379/1",
        f"rediss://user:{CANARY}@host/0",
    ],
    "CELERY_BROKER_URL": [
        f"redis://:{CANARY}@host:6379/0",
        "rediss://host",
        f"amqp://user:{CANARY}@host:5672//",
        f"amqps://user:{CANARY}@host/vhost",
    ],
    "JWT_PREVIOUS_KEYS": [CANARY * 3, f"{KEY} {CANARY * 3}", f"{KEY}\n{KEY}\n{KEY}"],
    "METRICS_TOKEN": [CANARY * 2, "x" * 16],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in SECRETS.items() for value in values]
)
def test_a_secret_variable_is_read_and_not_shown(load: Load, name: str, value: str) -> None:
    settings = load(**{name: value})
    assert getattr(settings, name.lower()).get_secret_value() == value
    assert CANARY not in repr(settings) + settings.model_dump_json()


@pytest.mark.parametrize("events", ["embedded", "worker", "celery"])
def test_events_has_one_of_three_values(load: Load, events: str) -> None:
    assert load(EVENTS=events, CELERY_BROKER_URL="redis://localhost:6379/0").events == events


@pytest.mark.parametrize("name", GOOD)
def test_a_variable_of_the_environment_is_read(load: Load, name: str) -> None:
    text, value = GOOD[name]
    assert getattr(load(**{name: text, **NEEDED.get(name, {})}), name.lower()) == value


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_an_empty_variable_counts_as_unset(load: Load, name: str) -> None:
    assert getattr(load(**{name.upper(): ""}), name) == getattr(load_settings(), name)


@pytest.mark.parametrize("name", ["app_env", "App_Env"])
def test_variables_are_case_insensitive(load: Load, name: str) -> None:
    assert load(**{name: "test"}).app_env == "test"


def test_unknown_variables_are_ignored(load: Load) -> None:
    assert load(PATH_TO_SOMETHING="x", APP_ENVIRONMENT="y")


def test_a_dot_env_file_is_read_and_the_environment_has_priority(
    load: Load, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("APP_NAME='Olá'\nPORT=8001\n# PORT=1\n", encoding="utf-8")
    settings = load(PORT="8002")
    assert (settings.app_name, settings.port) == ("Olá", 8002)


@pytest.mark.parametrize(
    ("url", "backend", "database"),
    [
        ("postgresql://u:p@db:5432/name", "postgresql", "name"),
        ("postgres://u:p@db/name", "postgresql", "name"),
        ("postgresql+asyncpg://u:p@[::1]/name?sslmode=require", "postgresql", "name"),
        ("postgresql:///name?host=/run/postgresql", "postgresql", "name"),
        ("sqlite:///data/x.db", "sqlite", "data/x.db"),
        ("sqlite+aiosqlite:////srv/x.db", "sqlite", "/srv/x.db"),
    ],
)
def test_every_usual_form_of_a_database_url_is_accepted(
    load: Load, url: str, backend: str, database: str
) -> None:
    understood = load(DATABASE_URL=url).database
    assert (understood.drivername, understood.database) == (backend, database)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("postgres://u:p@db/name?ssl=true", "postgresql://u:p@db/name?sslmode=require"),
        ("postgresql://u:p@db/name?ssl=disable", "postgresql://u:p@db/name?sslmode=disable"),
        ("postgresql://u:p@db/name?channel_binding=prefer", "postgresql://u:p@db/name"),
        ("postgresql://u@%2Frun%2Fpg/name", "postgresql://u@/name?host=%2Frun%2Fpg"),
        ("postgresql://u@%2Ft:5433/name", "postgresql://u@/name?host=%2Ft&port=5433"),
        ("postgresql://u:p@a,b/name", "postgresql://u:p@/name?host=a%2Cb"),
        ("postgresql:///name?host=a:1&host=b:2", "postgresql:///name?host=a%3A1%2Cb%3A2"),
    ],
)
def test_equivalent_database_urls_are_read_as_equal(load: Load, url: str, form: str) -> None:
    understood = load(DATABASE_URL=url).database
    assert understood.render_as_string(hide_password=False) == form


# --- What is bad --------------------------------------------------------------------------------

BAD: dict[str, list[str]] = {
    "APP_ENV": ["prod", "Production", "staging"],
    "APP_NAME": [" ", "x" * 81],
    "VERSION": [" ", "x" * 41],
    "DEBUG": ["maybe", "2"],
    "HOST": [" "],
    "PORT": ["-1", "65536", "80.5", "http", "0x50"],
    "WEB_CONCURRENCY": ["0", "65", "two"],
    "DRAIN_SECONDS": ["-1", "21", "601", "nan", "inf", "5s"],
    "STOP_SECONDS": ["9", "901", "nan", "inf"],
    "ALLOWED_HOSTS": ["*", "a b", "host:8000", "https://host", "-a", "[::1"],
    "CORS_ORIGINS": ["*", "null", "app.example.com", "https://a.example/", "https://u@a.example"],
    "BODY_TIMEOUT_SECONDS": ["0.9", "301", "nan", "inf"],
    "DOCS": ["perhaps"],
    "MIGRATION_DATABASE_URL": ["nonsense", "mysql://u:p@db/name"],
    "DATABASE_URL": [
        "nonsense",
        "/var/lib/x.db",
        "mysql://u:p@db/name",
        "mongodb://db/name",
        "sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///:memory:?cache=shared",
        "sqlite:///%3Amemory%3A",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite:///file::memory:?uri=true",
        "sqlite://x.db",
        "sqlite://folder/x.db",
        "sqlite:///  ",
        "postgresql",
        "postgresql://",
        "postgresql:///",
        "postgresql://u:p@db",
        "postgresql://u:p@db/",
        "postgresql://db:port/name",
        "postgresql://db:/name",
        "postgresql://db:0/name",
        "postgresql://db:65536/name",
        "postgresql://db:-1/name",
        "postgresql://[::1/name",
        "postgresql://a:5432,b:5432/name",
        "postgresql://db/name?sslmod=require",
        "postgresql://db/name?keepalives=1",
        "postgresql://db/name?sslmode=on",
        "postgresql://db/name?sslmode=require&sslmode=disable",
        "postgresql://db/name?channel_binding=require",
        "postgresql://db/name?connect_timeout=0",
        "postgresql://db/name?connect_timeout=soon",
        "postgresql://db/name?target_session_attrs=read-only",
        "postgresql:///name?host=/tmp&port=0",
        "sqlite:///x.db?mode=ro",
    ],
    "DATABASE_ECHO": ["loud"],
    "DATABASE_POOL_SIZE": ["0", "201", "ten"],
    "DATABASE_SEARCH_TIMEOUT_SECONDS": ["0", "60.1"],
    "DATABASE_TIMEOUT_SECONDS": ["0", "-1", "60.1", "nan", "inf", "5s"],
    "JWT_SECRET_KEY": ["x" * 31, " ", "é" * 15],
    "JWT_PREVIOUS_KEYS": ["x" * 31, f"{KEY} {'x' * 31}", f"{'x' * 20},{'x' * 10}"],
    "JWT_ALGORITHM": ["none", "HS1", "RS256", "hs256"],
    "JWT_EXPIRE_MINUTES": ["0", "61", "1.5"],
    "PASSWORD_MEMORY_KIB": ["8", "19455", "1048577"],
    "PASSWORD_PASSES": ["1", "21"],
    "RATE_LIMITS": ["maybe", "2"],
    "QUOTA_IDEMPOTENCY_BYTES": ["999999", "x"],
    "RATE_LIMIT_PER_MINUTE": ["-1", "1000001", "1.5"],
    "CONNECTIONS_PER_CLIENT": ["9", "100001", "many"],
    "TRUSTED_PROXIES": ["*", "proxy", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.1 10.0.0.2"],
    "EMAILS_PER_RECIPIENT": ["3", "10001", "1.5"],
    "EMAILS_PER_USER": ["0", "100001", "many"],
    "IDEMPOTENCY_KEEP_HOURS": ["23", "721"],
    "REDIS_URL": [
        "nonsense",
        "http://host",
        "redis://",
        "//host",
        "redis://host:port",
        "amqp://host",
    ],
    "EVENTS": ["Embedded", "workers", "none", "true"],
    "EVENT_CONCURRENCY": ["0", "201", "many"],
    "EVENT_QUEUES": ["outside", "outside=0", "outside=1001", "Mail=2", "a=1,a=2", "default=4"],
    "EVENT_WORKER_QUEUES": ["reports", "default;outside"],
    "EVENT_LEASE_SECONDS": ["0.9", "3601", "nan", "inf", "60s"],
    "CELERY_BROKER_URL": [
        "nonsense",
        "http://host",
        "amqp://",
        "redis:host",
        "redis://host:0",
        "sqs://",
    ],
    "EVENT_QUEUE_SECONDS": ["0.9", "86401", "nan", "inf"],
    "EVENT_IN_FLIGHT": ["0", "100001", "1.5"],
    "EVENT_PROCESSES": ["0", "201", "two"],
    "METRICS_PORT": ["0", "65536", "http"],
    "EVENT_WATCHDOG_SECONDS": ["0.9", "3601", "nan", "inf"],
    "EVENT_DELIVERY_KEEP_HOURS": ["0", "8761", "1.5"],
    "EVENT_LOG_KEEP_DAYS": ["0", "3651", "1.5"],
    "SMTP_URL": [
        "nonsense",
        "http://host",
        "smtp://",
        "smtp:host",
        "smtp://host:port",
        "smtp://host?tls=1",
    ],
    "HSTS_INCLUDE_SUBDOMAINS": ["perhaps", "2"],
    "PLAINTEXT_HOSTS": ["*", "10.0.0.0/8", "https://db.internal", "db.internal:5432"],
    "MAIL_FROM": ["nonsense", "@example.com", "ana@", "a@example.com, b@example.com"],
    "PUBLIC_URL": ["nonsense", "ftp://host", "https://", "https://user@host"],
    "METRICS_TOKEN": ["x" * 15, " "],
    "LOG_LEVEL": ["info", "TRACE", "10"],
    "OTEL_EXPORTER_OTLP_ENDPOINT": ["nonsense", "collector:4318", "https://user@host"],
    "OTEL_TRACES_SAMPLER": ["always", "jaeger_remote"],
    "OTEL_TRACES_SAMPLER_ARG": ["1 %", "-0.1", "1.1", "nan"],
    "TRACE_EXPORT_TIMEOUT_SECONDS": ["0", "11", "nan", "2s"],
    "SENTRY_DSN": ["nonsense", "https://sentry.example.com/1", "https://key@sentry.example.com/"],
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_an_invalid_value_is_reported_with_its_variable_and_an_example(
    load: Load, name: str, value: str
) -> None:
    [problem] = problems(load, **{name: value})
    what, _, example = problem.partition("; for example: ")
    assert what.startswith(f"  {name}: ")
    assert len(what) > len(f"  {name}: ") + 5
    assert example.startswith(f"{name}=")


@pytest.mark.parametrize("name", sorted(BAD.keys() - {"HOST"}))  # any text may be a host
def test_an_invalid_value_is_never_shown(load: Load, name: str) -> None:
    value = CANARY * 10 if name in {"APP_NAME", "VERSION"} else f"{CANARY}/"
    assert CANARY not in "".join(problems(load, **{name: value}))


def test_every_validated_setting_has_an_invalid_example() -> None:
    takes_anything = {"DATA_DIR", "METRICS_FOLDER", "POSTGRES_TOOLS"}
    assert set(BAD) | takes_anything == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_example_of_a_setting_is_valid(load: Load, name: str) -> None:
    example = str((Settings.model_fields[name].examples or [])[0])
    if size := re.fullmatch("the output of: openssl rand -hex ([0-9]+)", example):
        example = KEY[: 2 * int(size[1])]
    server = {"DATABASE_URL": "postgresql://shop:Xk29vLq8Tz@db/shop"}
    assert load(**{**PRODUCTION, **server, **NEEDED.get(name.upper(), {}), name.upper(): example})


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{CANARY}",
        f"postgresql://user:{CANARY}/name",
        f"postgresql://user@db:{CANARY}/name",
        f"mysql://user:{CANARY}@db/name",
        f"{CANARY}://user@db/name",
        f"sqlite://{CANARY}",
        CANARY,
    ],
)
def test_a_secret_in_an_invalid_url_is_not_shown(load: Load, url: str) -> None:
    assert CANARY not in "".join(problems(load, DATABASE_URL=url))


@pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_key_is_at_least_as_long_as_its_hash(load: Load, algorithm: str, least: int) -> None:
    [problem] = problems(load, JWT_ALGORITHM=algorithm, JWT_SECRET_KEY="x" * (least - 1))
    assert problem.startswith(f"  JWT_SECRET_KEY: must be at least {least} bytes;")
    assert load(JWT_SECRET_KEY="x" * least)


def test_the_previous_keys_follow_the_signing_key(load: Load) -> None:
    assert load(JWT_SECRET_KEY=KEY).signing_keys == [KEY]
    before = ["b" * 32, "c" * 40]
    settings = load(JWT_SECRET_KEY=KEY, JWT_PREVIOUS_KEYS=f" {before[0]}  \n{before[1]} ")
    assert settings.signing_keys == [KEY, *before]


def test_a_previous_key_is_at_least_as_long_as_its_hash(load: Load) -> None:
    keys = {"JWT_SECRET_KEY": "x" * 64, "JWT_PREVIOUS_KEYS": f"{'y' * 64} {'z' * 63}"}
    [problem] = problems(load, JWT_ALGORITHM="HS512", **keys)
    assert problem.startswith("  JWT_PREVIOUS_KEYS: must be at least 64 bytes each;")


@pytest.mark.parametrize(
    ("variables", "origin"),
    [
        ({}, "http://localhost:8000"),
        ({"PORT": "80"}, "http://localhost"),
        ({"PUBLIC_URL": "https://Api.Example.com/base/"}, "https://api.example.com"),
        ({"PUBLIC_URL": "https://api.example.com:443"}, "https://api.example.com"),
        ({"PUBLIC_URL": "https://api.example.com:8443/x"}, "https://api.example.com:8443"),
        ({"PUBLIC_URL": "http://api.example.com:443"}, "http://api.example.com:443"),
        ({"PUBLIC_URL": "https://[::1]:8443"}, "https://[::1]:8443"),
    ],
)
def test_our_own_origin_is_written_as_browsers_write_it(
    load: Load, variables: dict[str, str], origin: str
) -> None:
    assert load(**variables).trusted_origins == {origin.encode()}


def test_all_problems_are_reported_at_once(load: Load) -> None:
    told = problems(load, PORT="x", LOG_LEVEL="x", JWT_SECRET_KEY="x", DATABASE_URL="x")
    names = [problem.split(":")[0].strip() for problem in told]
    assert names == ["JWT_SECRET_KEY", "LOG_LEVEL", "PORT", "DATABASE_URL"]


def test_events_over_celery_need_a_broker(load: Load) -> None:
    [problem] = problems(load, EVENTS="celery")
    assert problem.startswith(
        "  CELERY_BROKER_URL is missing: EVENTS=celery needs it to send deliveries"
    )
    assert problem.endswith("; for example: CELERY_BROKER_URL=redis://localhost:6379/0")


def test_production_generates_no_secret_and_no_database(load: Load, tmp_path: Path) -> None:
    key, database = problems(load, APP_ENV="production")
    assert key.startswith("  JWT_SECRET_KEY: is missing; for example: JWT_SECRET_KEY=")
    assert database.startswith("  DATABASE_URL: is missing; for example: DATABASE_URL=postgresql:")
    assert list(tmp_path.iterdir()) == []


def test_production_does_not_use_the_secret_of_development(load: Load) -> None:
    assert load(APP_ENV="development")
    problem, _ = problems(load, APP_ENV="production")
    assert problem.startswith("  JWT_SECRET_KEY: is missing;")


def test_a_binary_dot_env_file_stops_the_start(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"APP_NAME=\xff\n")
    assert problems(load) == ["  .env: is not UTF-8; save it in that encoding"]


@pytest.mark.parametrize("data_dir", ["file", "file/below"])
def test_a_read_only_data_folder_stops_the_start(load: Load, tmp_path: Path, data_dir: str) -> None:
    (tmp_path / "file").write_text("a file is no folder, even for root")
    [problem] = problems(load, DATA_DIR=data_dir)
    assert problem.startswith("  DATA_DIR: file")
    assert " can't be used (" in problem
    assert problem.endswith("; for example: DATA_DIR=a folder that this user may write to")


# --- Afterwards ---------------------------------------------------------------------------------


def test_settings_are_immutable(load: Load) -> None:
    settings = load()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]  # that is the point


def test_no_secret_is_shown(load: Load) -> None:
    settings = load(
        DATABASE_URL=f"postgresql://user:{CANARY}@db/name",
        JWT_SECRET_KEY=CANARY * 5,
        JWT_PREVIOUS_KEYS=f"{CANARY * 4} {CANARY * 3}",
        REDIS_URL=f"redis://:{CANARY}@host",
        CELERY_BROKER_URL=f"amqp://user:{CANARY}@host",
        SMTP_URL=f"smtp://user:{CANARY}@host",
        METRICS_TOKEN=CANARY * 2,
        SENTRY_DSN=f"https://{CANARY}@sentry.example.com/1",
    )
    shown = [repr(settings), str(settings), repr(settings.database), settings.model_dump_json()]
    assert CANARY not in "".join(shown)


@pytest.mark.parametrize(
    ("address", "root_path"),
    [
        ("https://example.com", ""),
        ("https://example.com/", ""),
        ("https://example.com/shop/", "/shop"),
        ("https://example.com/of/ana", "/of/ana"),
    ],
)
def test_the_path_of_the_public_url_is_the_root_path(address: str, root_path: str) -> None:
    assert load_settings(_env_file=None, public_url=address).root_path == root_path


@pytest.mark.parametrize("path", ["/a b", "/a?b=c", "/%61", "/a//b", "/ção"])
def test_a_public_url_with_an_invalid_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidSettingsError, match="PUBLIC_URL"):
        load_settings(_env_file=None, public_url=f"https://example.com{path}")


def test_production_drains_for_five_seconds_and_others_do_not_unless_it_is_set() -> None:
    load = partial(load_settings, _env_file=None)
    production = {name.lower(): value for name, value in PRODUCTION.items()}
    assert load().seconds_of_drain == 0
    assert load(**production).seconds_of_drain == 5
    assert load(**production, drain_seconds="0").seconds_of_drain == 0
