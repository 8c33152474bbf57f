"""The built site."""

from pathlib import Path

import pytest


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Collect these tests only if they are named: they read what `make docs` has built."""
    return None if any("site" in Path(arg).parts for arg in config.args) else True
