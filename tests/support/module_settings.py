"""Loads the settings of one module from variables, as the service does at its start."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from app.config.environment import EnvironmentSettings
from app.config.module_settings import M
from app.config.settings import InvalidSettingsError, Settings, load_settings

Loaded = Callable[..., M]


def empty_environment(
    patch: pytest.MonkeyPatch, folder: Path, *kinds: type[EnvironmentSettings]
) -> None:
    """Remove all variables of these settings, and the files of the person who runs the tests."""
    for kind in kinds:
        for name in kind.variables():
            patch.delenv(name, raising=False)
            patch.delenv(f"{name}_FILE", raising=False)
    patch.delenv("ENV_FILE", raising=False)
    patch.chdir(folder)


def loader_of(patch: pytest.MonkeyPatch, folder: Path, kind: type[M]) -> Loaded[M]:
    """Return what loads the settings of a module from an environment with these variables."""
    empty_environment(patch, folder, Settings, kind)

    def load(**variables: str) -> M:
        for name, value in variables.items():
            patch.setenv(name, value)
        return load_settings([kind]).of(kind)

    return load


def problems_of(load: Loaded[M], **variables: str) -> list[str]:
    """Return the problems that stop the start, a sentence each."""
    with pytest.raises(InvalidSettingsError) as error:
        load(**variables)
    return [problem.strip() for problem in error.value.problems]


def out_of_range(kind: type[EnvironmentSettings]) -> Iterable[tuple[str, str]]:
    """Return for each numeric setting its variable, and a value on each side of its range."""
    for name, field in kind.model_fields.items():
        for rule in field.metadata:
            if (least := getattr(rule, "ge", None)) is not None:
                yield kind.variable(name), str(least - 1)
            if (most := getattr(rule, "le", None)) is not None:
                yield kind.variable(name), str(most + 1)
