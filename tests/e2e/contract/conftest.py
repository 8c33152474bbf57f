"""The OpenAPI document, as it is committed."""

from typing import Any

import orjson
import pytest

from tests.support.server import ROOT


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads((ROOT / "docs/api/openapi.json").read_bytes())
    return read
