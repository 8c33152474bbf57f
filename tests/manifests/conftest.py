"""Helm, which `make manifests` installs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kustomize.helm import PYTHON, Helm, started


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Collect these tests only if they are named: they need what `make manifests` installs."""
    return None if any("manifests" in Path(arg).parts for arg in config.args) else True


@pytest.fixture(scope="session")
def helm() -> Iterator[Helm]:
    assert PYTHON.exists(), "run: make manifests"
    with started() as helm:
        yield helm
