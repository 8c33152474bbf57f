"""The tests that `make check` runs and `make test` leaves out, because they take longest."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage

ROOT: Final = Path(__file__).resolve().parents[2]
MARKER: Final = "thorough"
DESCRIPTION: Final = "only `make check` runs it"

# Most of these start, kill or freeze whole processes: the service, its commands, workers, Celery on
# real brokers, a server for one test. The others make copies of the project, send fifty generated
# requests to each operation of the API, look at pages in a browser, migrate databases that others
# have made, build the container image, or test the tool that makes projects. A single parameter,
# such as a shape with Celery, is marked where it is.
PATHS: Final = (
    "faults",
    "image",
    "unit/architecture/test_import_contracts.py",
    "integration/cli",
    "integration/database/test_addresses.py",
    "integration/database/test_role_without_ownership.py",
    "integration/database/test_unreachable_postgresql.py",
    "integration/events/celery",
    "integration/events/contract/test_groups.py",
    "integration/events/contract/test_processes.py",
    "integration/events/engine/test_hot_streams.py",
    "integration/events/engine/test_stopping.py",
    "integration/events/operations/test_commands.py",
    "integration/events/operations/test_job_commands.py",
    "integration/examples",
    "integration/migrations/test_foreign_databases.py",
    "integration/migrations/test_migrations_beside_others.py",
    "integration/migrations/test_readiness.py",
    "integration/migrations/test_transactions_of_migrations.py",
    "e2e/contract/test_every_operation_keeps_its_contract.py",
    "e2e/fastapi/test_pages_in_a_browser.py",
    "e2e/http/test_production.py",
    "e2e/http/test_raw_sockets.py",
    "e2e/http/test_slow_clients.py",
    "e2e/http/test_stopping.py",
    "e2e/user/test_two_processes.py",
    "scaffold",
    "unit/architecture/test_projects.py",
)

# In a project that was made from this base the base's own tests are thorough as well: they test
# what its team did not write. Left are those of its modules, and those that look at each module.
IS_MADE: Final = (ROOT / ".alicerce/project.toml").exists()
OF_THE_BASE: Final = frozenset(
    {
        *("bench", "cli", "composition", "config", "core", "corpus", "database", "events"),
        *("examples", "external", "fastapi", "http", "idempotency", "jobs", "limits"),
        *("migrations", "operations", "other_services", "repositories", "rows", "shared"),
        *("support", "traces", "types", "user"),
    }
)
FOR_EACH_MODULE: Final = (
    "e2e/http/test_access_matrix.py",
    "e2e/http/test_bad_input.py",
    "e2e/http/test_every_route.py",
    "integration/migrations/test_migrations.py",
    "integration/repositories/test_every_repository.py",
    "unit/events/test_catalogue.py",
)

# What runs here on both databases, `make test` runs on PostgreSQL alone. HTTP behaves the same on
# both, and so do the handlers of a module; of the events' engine the contract runs on both.
ONE_DATABASE: Final = (
    "e2e",
    "integration/events",
    *(f"integration/{folder.name}" for folder in (ROOT / "app/modules").iterdir()),
)


@cache  # asked for each test, and there are thousands in a few hundred files
def is_thorough(path: Path, tests: Path) -> bool:
    return _is_in(path, tests, PATHS) or (IS_MADE and is_of_the_base(path, tests))


def is_of_the_base(path: Path, tests: Path) -> bool:
    """Return whether a file, or a folder with all that is in it, tests nothing of the modules."""
    if not path.is_relative_to(tests) or any(
        (tests / each).is_relative_to(path) for each in FOR_EACH_MODULE
    ):
        return False
    kind, *folders = path.relative_to(tests).parts
    is_of_base = bool(folders) and folders[0] in OF_THE_BASE
    return kind in {"clients", "faults", "manifests"} or is_of_base


@cache
def runs_on_one_database(path: Path, tests: Path) -> bool:
    return _is_in(path, tests, ONE_DATABASE)


def is_repeated(item: pytest.Item, tests: Path) -> bool:
    """Return whether this is the run on SQLite of a test that `make test` runs on PostgreSQL."""
    callspec = getattr(item, "callspec", None)
    is_on_sqlite = callspec is not None and callspec.params.get("database_url") == "sqlite"
    return is_on_sqlite and runs_on_one_database(item.path, tests)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Measure no coverage in the block: that takes as long again, and it reaches no other lines."""
    measuring = Coverage.current()
    if measuring:
        measuring.stop()
    try:
        yield
    finally:
        if measuring:
            measuring.start()


def are_left_out(config: pytest.Config) -> bool:
    """Return whether they are left out: then they are not even imported, which takes seconds."""
    return bool(config.option.markexpr == f"not {MARKER}")


def _is_in(path: Path, tests: Path, names: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(tests / name) for name in names)
