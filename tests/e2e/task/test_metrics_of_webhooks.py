"""The process that delivers shows its runs by queue, and its requests by host, on /metrics."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running import SHAPES, running_service
from tests.support.webhook_receiver import Reply, receiving

KEY = "whsec_" + "QUJD" * 8

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_webhook_is_counted_by_its_queue_and_its_host(
    shape: str, tmp_path: Path, another_database: Callable[[str, str], str]
) -> None:
    async with (
        receiving() as receiver,
        running_service(
            shape,
            tmp_path,
            DATABASE_URL=another_database("sqlite", f"metrics_{shape}"),
            EXTERNAL_API_URL=receiver.url(),
            EXTERNAL_API_KEY=KEY,
            EXTERNAL_API_ALLOW_PRIVATE="true",
        ) as running,
    ):
        receiver.answers(Reply(503, {"Retry-After": "0"}), Reply(204))
        ana = await running.sign_in()
        task = await ana.create("/tasks", {"title": "Lay the foundation"})
        answer = await ana.post(f"/tasks/{task['id']}/complete", version=task["version"])
        assert answer.status_code == 200

        async def is_counted() -> bool:
            of_webhook = 'handler="task.webhook_completed",outcome="done",queue="outside"'
            return f"event_deliveries_total{{{of_webhook}}} 1.0" in await running.metrics()

        await running.until(is_counted)
        shown = await running.metrics()

    host = f'host="127.0.0.1:{receiver.port}"'
    requests = "http_client_request_duration_seconds_count"
    assert f'{requests}{{{host},outcome="2xx"}} 1.0' in shown
    assert f"http_client_retries_total{{{host}}} 1.0" in shown
    assert f"http_client_circuit_open{{{host}}} 0.0" in shown
    of_webhook = 'handler="task.webhook_completed",queue="outside"'
    assert f"event_handler_seconds_count{{{of_webhook}}} 1.0" in shown
    assert f'event_backlog{{{of_webhook},state="dead"}} 0.0' in shown
