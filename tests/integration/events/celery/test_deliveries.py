"""What can happen only with messages and Celery's processes. The contract tests have the rest."""

import os

import pytest

from app.shared.infrastructure.events.delivery.celery.broker_publisher import (
    BrokerPublisher,
    Message,
)
from tests.support.clinging import Clung
from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Kept, Sent
from tests.support.probe.world import World, until

pytestmark = pytest.mark.usefixtures("relay")


async def test_a_message_that_arrives_three_times_is_run_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = BrokerPublisher._publish

    def publish_three_times(self: BrokerPublisher, message: Message) -> None:
        for _ in range(3):
            publish(self, message)

    monkeypatch.setattr(BrokerPublisher, "_publish", publish_three_times)
    for _ in range(30):
        await world.publish(Sent, "do")
    await until(lambda: world.are(["done"] * 30))

    assert len(world.folder.starts("probe.send")) == len(world.folder.sent()) == 30
    assert {row["attempts"] for row in await world.deliveries()} == {1}


# --- Processes that are killed --------------------------------------------------------------------


async def test_the_delivery_of_a_killed_process_has_one_effect(world: World) -> None:
    await world.publish(Kept, "wait", "do")
    await until(lambda: len(world.folder.starts("probe.keep")) == 1)
    os.kill(world.folder.starts("probe.keep")[0], 9)
    await until(lambda: world.are(["done"]))

    assert await world.effects() == [1]
    assert (await world.delivery())["attempts"] == 2


async def test_a_delivery_that_kills_its_processes_becomes_dead_alone(world: World) -> None:
    poison = await world.publish(Kept, "exit")
    for _ in range(30):  # more than one message, and more than a process runs at once
        await world.publish(Kept)
    await until(lambda: world.are(["dead"] + ["done"] * 30))

    assert len(world.folder.starts("probe.keep")) == MAX_ATTEMPTS
    assert await world.effects(poison) == []


# --- Handlers that do not keep to their time ------------------------------------------------------


async def test_a_handler_over_its_time_limit_is_cancelled_and_rolled_back(world: World) -> None:
    await world.publish(Clung, "ignore", "do")
    await until(lambda: world.have_failed(1))

    assert await world.effects() == []
    assert (await world.attempts())[0]["error"] == "TimeoutError: over its time limit"
    (process,) = world.folder.starts("probe.cling")
    os.kill(process, 0)  # the process lives, and continues

    await world.bring_forward_retries()
    await until(lambda: world.are(["done"]))
    assert await world.effects() == [1]


async def test_a_handler_that_blocks_its_process_is_ended_with_it(world: World) -> None:
    await world.publish(Clung, "block", "do")
    await until(lambda: world.are(["done"]))

    assert await world.effects() == [1]
    first, second = world.folder.starts("probe.cling")
    assert first != second
    assert (await world.delivery())["attempts"] == 2
