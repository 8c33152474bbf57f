"""A collector that takes spans and never answers: requests do not notice."""

import asyncio
import time
from pathlib import Path

import pytest

from app.shared.infrastructure.tracing.export import SHUTDOWN_SECONDS
from tests.support.otlp import collector
from tests.support.running import running_service

pytestmark = pytest.mark.thorough


async def test_a_collector_that_hangs_costs_no_request_and_two_seconds_at_the_end(
    tmp_path: Path,
) -> None:
    with collector("hangs") as kept:
        settings = {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'hangs.db'}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": kept.address,
            "OTEL_TRACES_SAMPLER": "always_on",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        async with running_service("embedded", tmp_path, **settings) as running:
            ana = await running.sign_in()

            async def is_given_up() -> bool:
                assert (await ana.get("/users/me")).status_code == 200
                return 'trace_spans_lost_total{reason="not_accepted"}' in await running.metrics()

            await running.until(is_given_up)
            await running.client.aclose()  # a kept connection would keep the server too
            began = time.monotonic()
            assert await asyncio.to_thread(running.processes[0].stop) == 0
            assert time.monotonic() - began < SHUTDOWN_SECONDS + 2  # and what a stop takes besides
