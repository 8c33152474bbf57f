"""An empty environment, and an empty folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.config.settings import Settings, load_settings
from tests.support.module_settings import empty_environment

Load = Callable[..., Settings]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty_environment(monkeypatch, tmp_path, Settings)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load the settings from an environment with these variables."""

    def load(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return load
