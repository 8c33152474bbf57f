"""Each process of a worker counts what it did, and shows it on a port of its own."""

import asyncio
import re
import secrets

from pydantic import SecretStr

from app.shared.composition import opened
from tests.integration.events.celery.conftest import Prepared
from tests.support.brokers import remove
from tests.support.celery import worker
from tests.support.metrics import TOKEN, asked
from tests.support.ports import free_port
from tests.support.probe.module import Kept
from tests.support.probe.service import probe_container
from tests.support.probe.world import World, until

DONE = re.compile(
    r'event_deliveries_total\{handler="probe.keep",outcome="done",queue="default"\} (\S+)'
)


async def test_every_delivery_is_counted_by_one_of_the_processes(
    prepared: Prepared, world: World
) -> None:
    first = free_port(in_a_row=3)  # the worker itself, and each that it forks
    own = {
        "app_name": f"Test {secrets.token_hex(4)}",
        "metrics_port": first,
        "metrics_token": SecretStr(TOKEN),
        "event_processes": 2,
    }
    settings = world.settings.model_copy(update=own)
    relay = probe_container(settings, world.folder)

    def is_shown_by_both() -> bool:
        return all(asked(port) for port in (first, first + 1))

    def done() -> list[float]:
        shown = [asked(port) for port in (first, first + 1)]
        return [float(found[1]) for each in shown if (found := DONE.search(each))]

    async with opened(relay), worker(settings, world.folder, prepared.logs / "metrics"):
        for _ in range(5):
            await world.publish(Kept)
        async with relay.engine().running():
            await until(lambda: world.are(["done"] * 5))
        # One of them may have run all deliveries before the other one showed anything.
        await until(lambda: asyncio.to_thread(is_shown_by_both))
        assert sum(await asyncio.to_thread(done)) == 5
    await asyncio.to_thread(remove, relay.celery())
