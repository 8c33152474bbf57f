"""The OpenAPI document, as it is committed."""

import os
from typing import Any

import orjson
import pytest

from tests.support.server import ROOT


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads((ROOT / "docs/api/openapi.json").read_bytes())
    return read


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try every operation on PostgreSQL only, except in the long form: twice takes too long.

    HTTP behaves the same on both databases, and PostgreSQL refuses more: NUL characters, and
    numbers and times out of its range.
    """
    if os.environ.get("FAULTS_ROUNDS"):
        return
    once = [item for item in items if _is_tried_on_sqlite_too(item)]
    if once:
        config.hook.pytest_deselected(items=once)
        items[:] = [item for item in items if item not in set(once)]


def _is_tried_on_sqlite_too(item: pytest.Item) -> bool:
    is_operation = item.path.name == "test_every_operation_keeps_its_contract.py"
    return is_operation and item.name.endswith("[sqlite]")
