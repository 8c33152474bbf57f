"""The settings of external services."""

from pathlib import Path

import pytest

from app.config.settings import InvalidSettingsError, Settings, load_settings

CANARY = "s3cr3t-canary"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def problem(**values: object) -> str:
    with pytest.raises(InvalidSettingsError) as error:
        load_settings(**values)
    [told] = error.value.problems
    return told.strip()


def test_without_any_setting_emails_go_to_a_folder() -> None:
    settings = load_settings()
    assert settings.smtp_url is None
    assert settings.mail_from == "no-reply@localhost"
    assert settings.links_begin_with == "http://localhost:8000"


GOOD = {
    "smtp_url": [
        "smtp://mail.example.com",
        "smtps://user:pass%40word@mail.example.com:465",
        "smtp://[::1]:1025",
    ],
    "mail_from": [
        "no-reply@example.com",
        "Loja São João <a.b+c@example.com>",
        '"A, B" <a@localhost>',
    ],
    "public_url": ["https://api.example.com", "http://localhost:8080/base/"],
}
BAD = {
    "smtp_url": ["nonsense", "http://host", "smtp://", "smtp:host", "smtp://host:port"],
    "mail_from": [
        "nonsense",
        "@example.com",
        "ana@",
        "ana@example.com, bruno@example.com",
        "a b@example.com",
        "Shop, Ltd <no-reply@example.com>",  # a comma ends an address, unless it is quoted
        "josé@example.com",
        "=?utf-8?q?a?=@example.com",
        "Shop\r\nBcc: bruno@example.com <ana@example.com>",
    ],
    "public_url": ["nonsense", "ftp://host", "https://", "https://user@host"],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in GOOD.items() for v in values])
def test_a_valid_value_is_accepted(name: str, value: str) -> None:
    assert load_settings(**{name: value})


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_an_invalid_value_is_reported_with_its_variable_and_an_example(
    name: str, value: str
) -> None:
    what, _, example = problem(**{name: value}).partition("; for example: ")
    assert what.startswith(f"{name.upper()}: ")
    assert example.startswith(f"{name.upper()}=")


@pytest.mark.parametrize("name", sorted(BAD))
def test_the_example_of_a_setting_is_valid(name: str) -> None:
    example = str((Settings.model_fields[name].examples or [])[0])
    assert load_settings(**{name: example})


@pytest.mark.parametrize("url", [f"smtp://user:{CANARY}@host:port", f"http://user:{CANARY}@host"])
def test_the_password_of_a_mail_server_is_never_shown(url: str) -> None:
    assert CANARY not in problem(smtp_url=url)
    settings = load_settings(smtp_url=f"smtp://user:{CANARY}@host")
    assert CANARY not in repr(settings) + settings.model_dump_json()
