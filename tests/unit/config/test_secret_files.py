"""A secret may be in a file that the environment names, as with Docker and systemd."""

from pathlib import Path

import pytest

from app.config.secret_files import MAX_FILE_BYTES, is_secret
from app.config.settings import InvalidSettingsError, Settings
from tests.support.production import KEY
from tests.unit.config.conftest import Load

CANARY = "c4n4ry"
SECRETS = {
    "DATABASE_URL": f"postgresql://user:{CANARY}@db/name",
    "MIGRATION_DATABASE_URL": f"postgresql://owner:{CANARY}@db/name",
    "JWT_SECRET_KEY": KEY,
    "JWT_PREVIOUS_KEYS": CANARY * 6,
    "REDIS_URL": f"redis://:{CANARY}@host",
    "CELERY_BROKER_URL": f"amqp://user:{CANARY}@host",
    "SMTP_URL": f"smtp://user:{CANARY}@host",
    "METRICS_TOKEN": CANARY * 3,
    "SENTRY_DSN": f"https://{CANARY}@sentry.example.com/1",
}


def problems(load: Load, **variables: str) -> list[str]:
    with pytest.raises(InvalidSettingsError) as error:
        load(**variables)
    return error.value.problems


@pytest.fixture(autouse=True)
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_every_secret_may_be_in_a_file() -> None:
    fields = Settings.model_fields.items()
    assert {name.upper() for name, field in fields if is_secret(field.annotation)} == set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_is_read_without_the_end_of_its_line(
    load: Load, secret: Path, name: str, end: str
) -> None:
    secret.write_bytes((SECRETS[name] + end).encode())
    server = {} if name == "DATABASE_URL" else {"DATABASE_URL": SECRETS["DATABASE_URL"]}
    settings = load(**server, **{f"{name}_FILE": str(secret)})
    assert getattr(settings, name.lower()).get_secret_value() == SECRETS[name]
    assert CANARY not in repr(settings)


def test_a_file_may_be_named_in_the_file_of_settings(
    load: Load, secret: Path, tmp_path: Path
) -> None:
    secret.write_text(KEY)
    (tmp_path / ".env").write_text(f"JWT_SECRET_KEY_FILE={secret}\n")
    assert load().jwt_secret_key.get_secret_value() == KEY


def test_an_empty_file_name_counts_as_unset(load: Load) -> None:
    assert load(JWT_SECRET_KEY=KEY, JWT_SECRET_KEY_FILE="").jwt_secret_key.get_secret_value() == KEY


@pytest.mark.parametrize("in_file", [True, False])
def test_a_secret_and_its_file_cannot_both_be_set(
    load: Load, secret: Path, tmp_path: Path, *, in_file: bool
) -> None:
    secret.write_text(CANARY * 8)
    if in_file:
        (tmp_path / ".env").write_text(f"JWT_SECRET_KEY={KEY}\n")
    given = {} if in_file else {"JWT_SECRET_KEY": KEY}
    told = problems(load, JWT_SECRET_KEY_FILE=str(secret), **given)
    assert told == ["  JWT_SECRET_KEY and JWT_SECRET_KEY_FILE are both set; keep one of them"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe" * 20, b"x" * (MAX_FILE_BYTES + 1)])
def test_an_unusable_secret_file_is_reported_by_its_variable(
    load: Load, secret: Path, content: bytes
) -> None:
    secret.write_bytes(content)
    [problem] = problems(load, SMTP_URL_FILE=str(secret))
    assert problem.startswith("  SMTP_URL_FILE: is ")
    assert str(secret) not in problem


def test_all_unreadable_files_are_reported_at_once(load: Load, tmp_path: Path) -> None:
    told = problems(
        load,
        JWT_SECRET_KEY_FILE=str(tmp_path / CANARY),
        METRICS_TOKEN_FILE=str(tmp_path),
    )
    assert [problem.split(" (")[0] for problem in told] == [
        "  JWT_SECRET_KEY_FILE: can't be read",
        "  METRICS_TOKEN_FILE: can't be read",
    ]
    assert CANARY not in "".join(told)


def test_an_invalid_value_of_a_file_is_reported_like_any_other(load: Load, secret: Path) -> None:
    secret.write_text(CANARY)
    [problem] = problems(load, JWT_SECRET_KEY_FILE=str(secret))
    assert problem.startswith("  JWT_SECRET_KEY: must be at least 32 bytes")
    assert CANARY not in problem


def test_a_setting_that_is_no_secret_is_not_read_from_a_file(load: Load, secret: Path) -> None:
    secret.write_text("1")
    assert load(PORT_FILE=str(secret)).port == 8000
