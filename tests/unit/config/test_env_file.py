"""A file of settings has one meaning, whatever starts the service."""

from pathlib import Path

import pytest

from tests.unit.config.conftest import Load
from tests.unit.config.test_settings import problems

# Values that a shell would run, replace or cut, or that systemd or Compose would replace.
ODD = "postgresql://ana:a&b<c>$HOME${x}`id`|;!~*#%24@db.example.com:5432/shop"


@pytest.mark.parametrize("quote", ["", "'"])
def test_a_value_is_read_literally(load: Load, tmp_path: Path, quote: str) -> None:
    (tmp_path / ".env").write_text(f"DATABASE_URL={quote}{ODD}{quote}\n")
    assert load(HOME="/root", x="y").database_url.get_secret_value() == ODD


def test_a_named_file_is_read_instead_of_the_default_one(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_NAME=Usual\nPORT=1\n")
    (tmp_path / "settings").write_text("APP_NAME=Named\n")
    settings = load(ENV_FILE=str(tmp_path / "settings"))
    assert (settings.app_name, settings.port) == ("Named", 8000)


def test_a_variable_has_priority_over_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("APP_NAME=File\n")
    named = load(ENV_FILE=str(tmp_path / "settings"), APP_NAME="Variable")
    assert named.app_name == "Variable"


def test_a_secret_file_may_be_named_in_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 32 + "\n")
    (tmp_path / "settings").write_text(f"JWT_SECRET_KEY_FILE={tmp_path / 'key'}\n")
    settings = load(ENV_FILE=str(tmp_path / "settings"))
    assert settings.jwt_secret_key.get_secret_value() == "k" * 32


def test_a_missing_named_file_stops_the_start(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    expected = f"  ENV_FILE: {path} can't be read (No such file or directory)"
    assert problems(load, ENV_FILE=str(path)) == [expected]


@pytest.mark.parametrize("line", ["APP_NAME", "APP_NAME='Shop", "=Shop", "APP_NAME: Shop"])
def test_an_invalid_line_stops_the_start(load: Load, tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"# a comment\n\nPORT=1\n\n{line}\n")
    assert problems(load) == ["  .env: line 5 is not NAME=value"]
