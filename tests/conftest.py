"""Databases for the tests that need them, and the order in which all of them run."""

import os
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import structlog
from sqlalchemy.exc import ArgumentError

from tests.support.brokers import Broker, BrokerOf, NoBroker, reach
from tests.support.cleaning import Clean, cleaner
from tests.support.databases import Databases, NotATestDatabase, Source, require_test_name
from tests.support.fault_table import FaultTable, Row, chosen_seed
from tests.support.postgres import PostgresUnavailable
from tests.support.thorough import (
    DESCRIPTION,
    MARKER,
    are_left_out,
    is_repeated,
    is_thorough,
    unmeasured,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.support.promtool import Promtool

TESTS = Path(__file__).parent
FOLDERS = ("unit", "integration", "e2e", "faults")  # the fast ones first
KINDS = ("sqlite", "postgresql")

DATABASES = pytest.StashKey[Databases]()
SERVERS = ("databases", "brokers", "browsers", "tools")
USED = pytest.StashKey[dict[str, set[str]]]()
FAULTS = pytest.StashKey[FaultTable]()
SEED = pytest.StashKey[str]()

# By default structlog draws a traceback with all local variables. That takes seconds, in which the
# event loop of the tests stands still and a server may end an open transaction.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# `make test` tries a few examples, `make check` as many as Hypothesis does by default.
hypothesis.settings.register_profile("few", hypothesis.settings.get_profile("ci"), max_examples=20)


# --- Order --------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    for folder in FOLDERS:
        config.addinivalue_line("markers", f"{folder}: what lies under tests/{folder}")
    config.addinivalue_line("markers", f"{MARKER}: {DESCRIPTION}")
    used: dict[str, set[str]] = {servers: set() for servers in SERVERS}
    config.stash[USED] = used
    config.stash[FAULTS] = FaultTable()
    config.stash[SEED] = getattr(config, "workerinput", {}).get("seed") or chosen_seed()
    # Before any test runs: a wrong name may be a database with real data.
    if address := os.environ.get("TEST_DATABASE_URL"):
        try:
            require_test_name(address)
        except (NotATestDatabase, ArgumentError) as error:
            raise pytest.UsageError(f"TEST_DATABASE_URL: {error}") from None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if are_left_out(config) and is_thorough(collection_path, TESTS) else None


def pytest_itemcollected(item: pytest.Item) -> None:
    if (folder := _folder(item.path)) in FOLDERS:
        item.add_marker(folder)
    if is_thorough(item.path, TESTS) or is_repeated(item, TESTS):
        item.add_marker(MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with unmeasured() if is_repeated(item, TESTS) else nullcontext():
        return (yield)


# Last, because pytest's own order groups the tests of one parameter over all folders.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[int, int]:
    """Sort by folder and in it by database, so that what is built for one is built once."""
    folder, callspec = _folder(item.path), getattr(item, "callspec", None)
    kind = callspec.params.get("database_url") if callspec else None
    return (
        FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS),
        KINDS.index(kind) if kind in KINDS else -1,
    )


@cache
def _folder(path: Path) -> str:
    inside = path.is_relative_to(TESTS) and path != TESTS
    return path.relative_to(TESTS).parts[0] if inside else ""


# --- One server and one pair of templates for the run, made by the process that leads it ----------


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker the addresses before it starts, unless only unit tests run."""
    node.workerinput["seed"] = node.config.stash[SEED]
    if any(_folder(path) != "unit" for path in _asked_for(node.config)):
        node.workerinput["databases"] = {kind: tuple(_source(node.config, kind)) for kind in KINDS}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    output = getattr(node, "workeroutput", {})  # a worker that crashed has none
    for servers, used in node.config.stash[USED].items():
        used.update(output.get(servers, ()))
    for fault in output.get("faults", ()):
        node.config.stash[FAULTS].add(Row(*fault))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for servers, used in config.stash[USED].items():
        labels = ", ".join(sorted(used, reverse=True)) or "none"
        terminalreporter.write_line(f"{servers}: {labels}")
    if lines := list(config.stash[FAULTS].lines()):
        terminalreporter.section(f"faults, with FAULTS_SEED={config.stash[SEED]}")
        for line in lines:
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    if databases := config.stash.get(DATABASES, None):
        databases.close()


def _asked_for(config: pytest.Config) -> list[Path]:
    return [config.invocation_params.dir / name.partition("::")[0] for name in config.args]


def _source(config: pytest.Config, kind: str) -> Source:
    if worker_input := getattr(config, "workerinput", None):
        if "databases" not in worker_input:
            pytest.fail("unit tests use no database: this one belongs in another folder")
        return Source(*worker_input["databases"][kind])
    if DATABASES not in config.stash:
        # pytest deletes the folders of earlier runs, also those of killed runs.
        folder: Path = vars(config)["_tmp_path_factory"].mktemp("databases")
        config.stash[DATABASES] = Databases(folder)
    try:
        source: Source = getattr(config.stash[DATABASES], kind)
    except PostgresUnavailable as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    return source


def _own_copy(config: pytest.Config, kind: str, *more: str) -> str:
    source = _source(config, kind)
    _note(config, "databases", source.label)
    return source.copy("_".join([os.environ.get("PYTEST_XDIST_WORKER", "main"), *more]))


def _note(config: pytest.Config, servers: str, label: str) -> None:
    """Show in the summary what the tests ran on, and what was missing."""
    config.stash[USED][servers].add(label)
    if hasattr(config, "workeroutput"):
        config.workeroutput.setdefault(servers, []).append(label)


# --- Fixtures -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_url(pytestconfig: pytest.Config) -> str:
    """A migrated SQLite file for this worker only."""
    return _own_copy(pytestconfig, "sqlite")


@pytest.fixture(scope="session")
def postgresql_url(pytestconfig: pytest.Config) -> str:
    """A migrated PostgreSQL database for this worker only."""
    return _own_copy(pytestconfig, "postgresql")


@pytest.fixture(scope="session")
def another_database(pytestconfig: pytest.Config) -> Callable[[str, str], str]:
    """Creates another database of a kind and name, which no engine of other tests reads."""
    return partial(_own_copy, pytestconfig)


@pytest.fixture(scope="session")
def broker_of(pytestconfig: pytest.Config) -> BrokerOf:
    """Connects to a broker of a kind; the summary names it, or says that it was missing."""

    @asynccontextmanager
    async def broker_of(kind: str) -> AsyncIterator[Broker]:
        async with AsyncExitStack() as stack:
            try:
                broker = await stack.enter_async_context(reach(kind))
            except NoBroker as error:
                _note(pytestconfig, "brokers", str(error))
                pytest.skip(str(error))
            _note(pytestconfig, "brokers", broker.label)
            yield broker

    return broker_of


@pytest.fixture(scope="session")
async def browser(pytestconfig: pytest.Config) -> "AsyncIterator[Browser]":
    """A browser; the summary names it, or says that it was missing."""
    # Imported here, because most tests do not need Playwright.
    from tests.support.chromium import NoBrowser, launched  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        try:
            browser = await stack.enter_async_context(launched())
        except NoBrowser as error:
            _note(pytestconfig, "browsers", str(error))
            pytest.skip(str(error))
        _note(pytestconfig, "browsers", f"Chromium {browser.version}")
        yield browser


@pytest.fixture(scope="session")
def promtool(pytestconfig: pytest.Config) -> "Promtool":
    """Prometheus's tool; the summary names it, or says that it was missing."""
    from tests.support.promtool import NoPromtool, found  # noqa: PLC0415 - few tests need it

    try:
        tool = found()
    except NoPromtool as error:
        _note(pytestconfig, "tools", str(error))
        pytest.skip(str(error))
    _note(pytestconfig, "tools", f"promtool {tool.version}")
    return tool


@pytest.fixture(scope="session")
def note_tool(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Shows in the summary which program was used, or that it was missing."""
    return partial(_note, pytestconfig, "tools")


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> str:
    """The seed of the fault tests' random choices; the end of the run shows it."""
    return pytestconfig.stash[SEED]


@pytest.fixture(scope="session")
def note_fault(pytestconfig: pytest.Config) -> Callable[[Row], None]:
    """Adds a row to the table at the end of the run."""

    def note(row: Row) -> None:
        pytestconfig.stash[FAULTS].add(row)
        if hasattr(pytestconfig, "workeroutput"):
            pytestconfig.workeroutput.setdefault("faults", []).append(tuple(row))

    return note


@pytest.fixture(scope="session", params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A test that uses it, directly or not, runs on both databases."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
async def database_cleaner(database_url: str) -> AsyncIterator[Clean]:
    """Empties all tables, at each call."""
    async with cleaner(database_url) as clean:
        yield clean


@pytest.fixture
async def clean_database(database_cleaner: Clean) -> None:
    """The test begins with empty tables; its own data stays for inspection if it fails."""
    await database_cleaner()
