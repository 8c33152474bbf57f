"""What `make check` runs and `make test` leaves out, because it takes longer than all the rest."""

from pathlib import Path
from typing import Final

import pytest

MARKER: Final = "thorough"
DESCRIPTION: Final = "only `make check` runs it"

# Processes that are killed or frozen; Celery on real brokers; generated requests, fifty for each
# operation of the API; pages in a browser. A single parameter, such as a shape with Celery, is
# marked where it is.
PATHS: Final = (
    "faults",
    "integration/events/celery",
    "e2e/contract/test_every_operation_keeps_its_contract.py",
    "e2e/fastapi/test_pages_in_a_browser.py",
)


def is_thorough(path: Path, tests: Path) -> bool:
    return any(path.is_relative_to(tests / thorough) for thorough in PATHS)


def is_on_another_database(item: pytest.Item) -> bool:
    """Tell whether the test of the whole service is there on PostgreSQL too.

    What HTTP promises is the same on both, and tests/integration holds each database to it.
    """
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.params.get("database_url") == "sqlite"


def are_left_out(config: pytest.Config) -> bool:
    """Tell whether they are: then they are not even imported, which takes seconds too."""
    return bool(config.option.markexpr == f"not {MARKER}")
