"""The settings of the task module, and of its webhook."""

from pathlib import Path

import pytest

from app.modules.task.settings import TaskSettings
from tests.support.module_settings import Loaded, loader_of, out_of_range, problems_of
from tests.support.production import PRODUCTION, WEBHOOK_KEY

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CANARY = "s3cr3t-canary"
Load = Loaded[TaskSettings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    return loader_of(monkeypatch, tmp_path, TaskSettings)


def test_without_any_variable_no_webhook_is_sent(load: Load) -> None:
    settings = load()
    assert settings == TaskSettings.model_construct()
    assert (settings.webhook_url, settings.webhook_keys) == (None, ())


def test_variables_have_the_prefix_and_those_of_webhooks_their_own_names(load: Load) -> None:
    settings = load(
        TASK_BIN_KEEP_DAYS="3650",
        TASK_QUOTA="20000",
        TASK_QUOTA_BYTES="1000000",
        TASK_QUOTA_ASSIGNMENTS_PER_DAY="5",
        EXTERNAL_API_URL="https://localhost:9000",
        EXTERNAL_API_KEY=WEBHOOK_KEY,
        BIN_KEEP_DAYS="1",
    )
    assert (settings.bin_keep_days, settings.quota, settings.quota_bytes) == (3650, 20_000, 10**6)
    assert settings.quota_assignments_per_day == 5
    assert settings.webhook_url == "https://localhost:9000"


BAD = [
    *out_of_range(TaskSettings),
    ("TASK_QUOTA_BYTES", "much"),
    ("EXTERNAL_API_ALLOW_PRIVATE", "perhaps"),
    *[
        ("EXTERNAL_API_URL", url)
        for url in (
            "nonsense",
            "ftp://host/x",
            "https://",
            "//host",
            "https://user:password@host/x",
            "https://host:port/x",
            "https://host:0/x",
            "https://host:65536/x",
            "https://[::1/x",
            "https://ho st/x",
            "https://host/x#part",
            "https://host/\x01",
        )
    ],
    *[
        ("EXTERNAL_API_KEY", key)
        for key in (
            "0123456789abcdef" * 4,
            "QUJD" * 8,
            "whsec_",
            "whsec_!!!",
            "whsec_c2hvcnQ=",
            "whsec_" + "QUJD" * 22,
            "whsec_" + "QUJD" * 8 + "QQ",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-",
        )
    ],
    ("EXTERNAL_API_PREVIOUS_KEY", "0123456789abcdef" * 4),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_an_invalid_value_stops_the_start_with_its_variable_and_an_example(
    load: Load, name: str, value: str
) -> None:
    [problem] = problems_of(load, **{name: value})
    what, _, example = problem.partition("; for example: ")
    assert what.startswith(f"{name}: ")
    assert example.startswith(f"{name}=")
    assert len(value) < 10 or value not in problem


def test_a_url_without_a_key_stops_the_start(load: Load) -> None:
    [problem] = problems_of(load, EXTERNAL_API_URL="https://hooks.example.com")
    assert problem.startswith("EXTERNAL_API_KEY is missing: ")
    assert "; for example: EXTERNAL_API_KEY=" in problem


@pytest.mark.parametrize("url", ["http://hooks.example.com", "HTTP://hooks.example.com"])
def test_a_url_without_tls_must_be_allowed(load: Load, url: str) -> None:
    given = {"EXTERNAL_API_URL": url, "EXTERNAL_API_KEY": KEY}
    [problem] = problems_of(load, **given)
    assert problem.startswith("EXTERNAL_API_URL must be https")
    assert problem.endswith("; for example: EXTERNAL_API_ALLOW_PRIVATE=true")
    assert load(**given, EXTERNAL_API_ALLOW_PRIVATE="true").webhook_url == url


def test_webhooks_are_signed_with_the_current_and_the_previous_key(load: Load) -> None:
    key, before = "whsec_" + "QUJD" * 8, "whsec_" + "REVG" * 8
    assert load(EXTERNAL_API_KEY=key).webhook_keys == (b"ABC" * 8,)
    both = load(EXTERNAL_API_KEY=key, EXTERNAL_API_PREVIOUS_KEY=before)
    assert both.webhook_keys == (b"ABC" * 8, b"DEF" * 8)


def test_a_key_is_read_from_a_file_and_never_shown(load: Load, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{WEBHOOK_KEY}\n")
    settings = load(EXTERNAL_API_KEY_FILE=str(tmp_path / "key"))
    assert settings.webhook_key is not None
    assert settings.webhook_key.get_secret_value() == WEBHOOK_KEY
    assert WEBHOOK_KEY not in repr(settings) + settings.model_dump_json()


@pytest.mark.parametrize("name", ["EXTERNAL_API_KEY", "EXTERNAL_API_PREVIOUS_KEY"])
def test_production_refuses_a_key_that_can_be_guessed(load: Load, name: str) -> None:
    [problem] = problems_of(load, **PRODUCTION, **{name: "whsec_" + "QUJD" * 8})
    assert problem.startswith(f"{name} must be random in production")


def test_production_refuses_the_key_of_the_examples(load: Load) -> None:
    example = (TaskSettings.model_fields["webhook_key"].examples or [])[-1]
    [problem] = problems_of(load, **PRODUCTION, EXTERNAL_API_KEY=example)
    assert problem.startswith("EXTERNAL_API_KEY must be random in production")


def test_production_starts_with_a_random_key(load: Load) -> None:
    given = {"EXTERNAL_API_URL": "https://x.example.com", "EXTERNAL_API_KEY": WEBHOOK_KEY}
    previous = WEBHOOK_KEY[:-4] + "fKE="
    assert load(**PRODUCTION, **given, EXTERNAL_API_PREVIOUS_KEY=previous).webhook_keys
