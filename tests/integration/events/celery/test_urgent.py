"""Urgent messages do not wait behind others on their way to the workers."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.container import ApplicationContainer
from app.core.events import EventRegistry
from tests.support.brokers import waiting_in_each
from tests.support.probe.module import Kept, Sent
from tests.support.probe.world import World, until


def hurry(registry: EventRegistry) -> None:
    """Give the handler `probe.send` a high priority."""
    usual = registry.handler("probe.send")
    assert usual is not None
    urgent = replace(usual, subscription=replace(usual.subscription, priority="high"))
    registry._handlers["probe.send"] = urgent
    registry._of_event[Sent.type] = (urgent,)


@pytest.fixture
def in_a_hurry(world: World) -> Iterator[World]:
    registry = world.container.registry()
    before = dict(registry._handlers), dict(registry._of_event)
    hurry(registry)
    yield world
    registry._handlers, registry._of_event = before


async def test_deliveries_of_high_priority_have_their_own_queue(
    in_a_hurry: World, unheard_relay: ApplicationContainer
) -> None:
    hurry(unheard_relay.registry())
    for _ in range(3):
        await in_a_hurry.publish(Kept)
    await in_a_hurry.publish(Sent, "do")
    await unheard_relay.engine().step()

    waiting = await asyncio.to_thread(waiting_in_each, unheard_relay.celery())
    name = next(iter(waiting))
    assert waiting[f"{name}.outside.high"] == 1
    assert waiting[name] > 0


@pytest.mark.usefixtures("relay")
async def test_a_worker_receives_from_both_queues(in_a_hurry: World) -> None:
    for _ in range(3):
        await in_a_hurry.publish(Kept)
        await in_a_hurry.publish(Sent, "do")
    await until(lambda: in_a_hurry.are(["done"] * 6))
    assert len(in_a_hurry.folder.sent()) == 3
