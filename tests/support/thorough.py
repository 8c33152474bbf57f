"""The tests that `make check` runs and `make test` leaves out, because they take longest."""

from pathlib import Path
from typing import Final

import pytest

MARKER: Final = "thorough"
DESCRIPTION: Final = "only `make check` runs it"

# Processes that are killed or frozen; Celery on real brokers; copies of the project with the
# example of a module and without the sample; generated requests, fifty for each operation of the
# API; pages in a browser. A single parameter, such as a shape with Celery, is marked where it is.
PATHS: Final = (
    "faults",
    "integration/events/celery",
    "integration/examples",
    "integration/sample",
    "e2e/contract/test_every_operation_keeps_its_contract.py",
    "e2e/fastapi/test_pages_in_a_browser.py",
)


def is_thorough(path: Path, tests: Path) -> bool:
    return any(path.is_relative_to(tests / thorough) for thorough in PATHS)


def is_on_another_database(item: pytest.Item) -> bool:
    """Return whether the test of the whole service also runs on PostgreSQL.

    HTTP behaves the same on both databases, and tests/integration tests each of them.
    """
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.params.get("database_url") == "sqlite"


def are_left_out(config: pytest.Config) -> bool:
    """Return whether they are left out: then they are not even imported, which takes seconds."""
    return bool(config.option.markexpr == f"not {MARKER}")
