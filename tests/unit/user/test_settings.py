"""The settings of the user module."""

from pathlib import Path

import pytest

from app.modules.user.settings import UserSettings
from tests.support.module_settings import Loaded, loader_of, out_of_range, problems_of

Load = Loaded[UserSettings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    return loader_of(monkeypatch, tmp_path, UserSettings)


@pytest.mark.parametrize("name", UserSettings.variables())
def test_a_variable_without_a_prefix_is_read(load: Load, name: str) -> None:
    field = UserSettings.variables()[name]
    [most] = (rule.le for rule in UserSettings.model_fields[field].metadata if hasattr(rule, "le"))
    longest_keys = {"API_KEY_MAX_DAYS": "3650"}
    assert getattr(load(**{**longest_keys, name: str(most)}), field) == most


@pytest.mark.parametrize(("name", "value"), [*out_of_range(UserSettings), ("API_KEY_DAYS", "ten")])
def test_an_invalid_value_stops_the_start_with_its_variable_and_an_example(
    load: Load, name: str, value: str
) -> None:
    [problem] = problems_of(load, **{name: value})
    what, _, example = problem.partition("; for example: ")
    assert what.startswith(f"{name}: ")
    assert example.startswith(f"{name}=")


def test_a_default_lifetime_of_keys_over_the_maximum_stops_the_start(load: Load) -> None:
    [problem] = problems_of(load, API_KEY_DAYS="366")
    assert problem.startswith("API_KEY_DAYS must be at most API_KEY_MAX_DAYS")
