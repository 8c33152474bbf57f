"""What the settings may say of the world outside."""

from pathlib import Path

import pytest

from app.config.outside import SIGNING_KEY_EXAMPLE
from app.config.settings import InvalidSettingsError, Settings, load_settings

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
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


def test_without_any_setting_nothing_is_called_and_mail_stays_here() -> None:
    settings = load_settings()
    assert settings.external_api_url is None
    assert settings.smtp_url is None
    assert not settings.external_api_allow_private
    assert settings.mail_from == "no-reply@localhost"
    assert settings.links_begin_with == "http://localhost:8000"


GOOD = {
    "external_api_key": [KEY, "whsec_" + "QUJD" * 8],
    "external_api_previous_key": [KEY],
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
    "public_url": ["https://tasks.example.com", "http://localhost:8080/base/"],
}
BAD = {
    "external_api_url": [
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
        "https://host/\x00",
    ],
    "external_api_key": [
        *("0123456789abcdef" * 4, "QUJD" * 8, "whsec_", "whsec_!!!", "whsec_c2hvcnQ="),
        *(
            "whsec_" + "QUJD" * 22,
            "whsec_" + "QUJD" * 8 + "QQ",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-",
        ),
    ],
    "external_api_previous_key": ["0123456789abcdef" * 4],
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
    "external_api_allow_private": ["perhaps"],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in GOOD.items() for v in values])
def test_a_good_value_is_taken(name: str, value: str) -> None:
    assert load_settings(**{name: value})


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_a_bad_value_is_told_with_its_variable_and_an_example(name: str, value: str) -> None:
    what, _, example = problem(**{name: value}).partition("; for example: ")
    assert what.startswith(f"{name.upper()}: ")
    assert example.startswith(f"{name.upper()}=")


@pytest.mark.parametrize("name", sorted(BAD))
def test_the_example_of_a_setting_is_good(name: str) -> None:
    example = str((Settings.model_fields[name].examples or [])[0])
    example = KEY if example == SIGNING_KEY_EXAMPLE else example
    assert load_settings(**{"external_api_key": KEY, name: example})


@pytest.mark.parametrize("url", [f"smtp://user:{CANARY}@host:port", f"http://user:{CANARY}@host"])
def test_the_password_of_a_mail_server_is_never_told(url: str) -> None:
    assert CANARY not in problem(smtp_url=url)
    settings = load_settings(smtp_url=f"smtp://user:{CANARY}@host")
    assert CANARY not in repr(settings) + settings.model_dump_json()


def test_what_is_called_needs_a_key_to_sign_with() -> None:
    told = problem(external_api_url="https://hooks.example.com")
    assert told.startswith("EXTERNAL_API_KEY is missing: ")
    assert "; for example: EXTERNAL_API_KEY=" in told


@pytest.mark.parametrize("url", ["http://hooks.example.com", "HTTP://hooks.example.com"])
def test_what_is_called_in_the_open_has_to_be_allowed(url: str) -> None:
    told = problem(external_api_url=url, external_api_key=KEY)
    assert told.startswith("EXTERNAL_API_URL must be https")
    assert told.endswith("; for example: EXTERNAL_API_ALLOW_PRIVATE=true")
    assert load_settings(
        external_api_url=url, external_api_key=KEY, external_api_allow_private=True
    )


def test_webhooks_are_signed_with_the_key_and_the_one_before_it() -> None:
    assert load_settings().webhook_keys == ()
    key, before = "whsec_" + "QUJD" * 8, "whsec_" + "REVG" * 8
    assert load_settings(external_api_key=key).webhook_keys == (b"ABC" * 8,)
    both = load_settings(external_api_key=key, external_api_previous_key=before)
    assert both.webhook_keys == (b"ABC" * 8, b"DEF" * 8)


def test_links_begin_with_the_public_address_and_no_second_slash() -> None:
    settings = load_settings(public_url="https://tasks.example.com/base/")
    assert settings.links_begin_with == "https://tasks.example.com/base"
