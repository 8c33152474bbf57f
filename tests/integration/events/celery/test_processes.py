"""How relays and workers start, stop, and end themselves."""

import pytest
from sqlalchemy import select

from app.container import ApplicationContainer
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.integration.events.celery.conftest import Prepared
from tests.support.celery import process, worker
from tests.support.celery_shape import own_name
from tests.support.probe.module import Kept
from tests.support.probe.world import World, until

_this = event_delivery.c
# One broker is enough: starts and stops are the same with each.
on_one_broker = pytest.mark.parametrize("broker", ["redis"], indirect=True)


@on_one_broker
async def test_the_service_itself_delivers_by_relay_and_worker(
    world: World, prepared: Prepared
) -> None:
    settings = world.settings.model_copy(update={"app_name": own_name()})
    schedules = select(_this.state).where(_this.handler.startswith("event."))

    async def are_done() -> bool:
        rows = await world.fetch(schedules)
        return bool(rows) and all(row["state"] == DeliveryState.DONE for row in rows)

    async with (
        process("app", "relay", settings=settings, log=prepared.logs / "cli-relay") as relay,
        process("app", "worker", settings=settings, log=prepared.logs / "cli-worker") as its_worker,
    ):
        await until(are_done)
        assert await relay.stop() == 0
        assert await its_worker.stop() == 0


@on_one_broker
async def test_a_stopped_worker_returns_its_deliveries_without_an_attempt(
    world: World, prepared: Prepared, unheard_relay: ApplicationContainer
) -> None:
    for _ in range(3):
        await world.publish(Kept, "wait", "do")
    settings = unheard_relay.settings()
    async with worker(settings, world.folder, prepared.logs / "stopped") as stopped:
        await unheard_relay.engine().step()
        await until(lambda: len(world.folder.starts("probe.keep")) == 3)
        assert await stopped.stop() == 0

    assert await world.states() == ["ready"] * 3
    assert {row["attempts"] for row in await world.deliveries()} == {0}
    assert await world.effects() == []


async def test_a_worker_that_receives_nothing_while_messages_wait_exits(
    world: World, prepared: Prepared, unheard_relay: ApplicationContainer
) -> None:
    settings = unheard_relay.settings().model_copy(update={"event_watchdog_seconds": 1})
    log = prepared.logs / "deaf"
    async with worker(settings, world.folder, log, trouble="deaf") as deaf:
        await world.publish(Kept)
        await unheard_relay.engine().step()
        assert await deaf.ended() == 1

    assert "worker deaf" in log.read_text()
