"""The service under faults, and the random choices of these.

`FAULTS_ROUNDS` sets how often, `FAULTS_SEED` repeats the choices: see `make faults`.
"""

import os
import random
from collections.abc import AsyncIterator, Callable
from typing import Protocol, TypeAlias

import pytest

from app.shared.infrastructure.events.delivery import engine
from tests.support.brokers import Broker, BrokerOf
from tests.support.celery_shape import on_celery, removed
from tests.support.cleaning import Clean
from tests.support.fault_table import Row, row
from tests.support.ledger import Ledger
from tests.support.probe.world import World, open_world

LEASE_SECONDS = 1  # as short as allowed, because the tests wait for it
QUEUE_SECONDS = 2  # the same for deliveries that were sent to a broker

ASKED_ROUNDS = int(os.environ.get("FAULTS_ROUNDS") or 0)
# The short form uses the broker that every machine has. The contract tests run on both.
BROKERS = ("redis", "rabbitmq") if ASKED_ROUNDS else ("redis",)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests that measure times to the long form: no test of the suite depends on a clock."""
    if ASKED_ROUNDS:
        return
    measured = [item for item in items if item.path.name.startswith("test_measured_")]
    if measured:
        config.hook.pytest_deselected(items=measured)
        items[:] = [item for item in items if item not in set(measured)]


class Rounds(Protocol):
    def __call__(self, few: int, *, share: int = 1) -> int:
        """Return the number of rounds: `few`, or a share of FAULTS_ROUNDS if that is set."""


@pytest.fixture
def dice(request: pytest.FixtureRequest, seed: str) -> random.Random:
    """Random numbers; the same seed gives the same numbers."""
    return random.Random(f"{seed} {request.node.name}")  # noqa: S311 - not for secrets


@pytest.fixture(scope="session")
def rounds() -> Rounds:
    def rounds(few: int, *, share: int = 1) -> int:
        return max(few, ASKED_ROUNDS // share)

    return rounds


Account: TypeAlias = Callable[[str, int, Ledger], None]


@pytest.fixture
def account(note_fault: Callable[[Row], None]) -> Account:
    """Records the effects after some rounds of a fault, and asserts that they are as promised."""

    def account(fault: str, rounds: int, ledger: Ledger) -> None:
        note_fault(row(fault, rounds, ledger))
        assert ledger.violations() == []
        assert ledger.effects != []

    return account


# --- One engine or several, that run deliveries themselves ----------------------------------------


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def prepared(
    request: pytest.FixtureRequest,
    another_database: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[World, Clean]]:
    address = another_database(request.param, "faults")
    folder = tmp_path_factory.mktemp("probe")
    async with open_world(address, folder, event_lease_seconds=LEASE_SECONDS) as prepared:
        yield prepared


@pytest.fixture
async def world(prepared: tuple[World, Clean]) -> World:
    """A service without any event yet."""
    world, clean = prepared
    await clean()
    world.folder.empty()
    return world


# --- Relays and Celery's workers ------------------------------------------------------------------


@pytest.fixture(scope="session", params=BROKERS)
async def broker(request: pytest.FixtureRequest, broker_of: BrokerOf) -> AsyncIterator[Broker]:
    """Each broker that is available, in the long form."""
    async with broker_of(request.param) as broker:
        yield broker


@pytest.fixture(scope="session")
async def prepared_on_celery(
    broker: Broker,
    another_database: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[World, Clean]]:
    address = another_database("postgresql", "faults_on_celery")
    folder = tmp_path_factory.mktemp("probe")
    short = {
        "event_lease_seconds": LEASE_SECONDS,
        "event_queue_seconds": QUEUE_SECONDS,
        "event_in_flight": 100,
    }
    async with (
        open_world(address, folder, **on_celery(broker) | short) as prepared,
        removed(prepared[0].container),
    ):
        yield prepared


@pytest.fixture
async def on_broker(
    prepared_on_celery: tuple[World, Clean], monkeypatch: pytest.MonkeyPatch
) -> World:
    """A service that sends its events over a broker, without any event yet."""
    monkeypatch.setattr(engine, "LONGEST_PAUSE_SECONDS", 0.05)  # the tests wait for it
    world, clean = prepared_on_celery
    await clean()
    world.folder.empty()
    return world
