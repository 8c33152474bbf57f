"""Requests to other services are counted by host and outcome."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from app.shared.application.http import AddressRefused, CircuitOpen, HttpClient, NoAnswer
from app.shared.infrastructure.external import http_metrics
from tests.integration.external.conftest import MakeClient
from tests.support.webhook_receiver import HANG_UP, NEVER, Receiver, Reply

REQUESTS = "http_client_request_duration_seconds"


@pytest.fixture(autouse=True)
def no_other_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test may name as many hosts as a process that has just started."""
    monkeypatch.setattr(http_metrics, "_hosts", set[str]())


def outcomes(host: str) -> dict[str, float]:
    """The number of requests to a host, by outcome."""
    [requests] = [metric for metric in REGISTRY.collect() if metric.name == REQUESTS]
    return {
        sample.labels["outcome"]: sample.value
        for sample in requests.samples
        if sample.name == f"{REQUESTS}_count" and sample.labels["host"] == host
    }


def value(name: str, host: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"host": host})


def name_of(receiver: Receiver) -> str:
    return f"127.0.0.1:{receiver.port}"


async def test_a_request_is_counted_once_by_the_class_of_its_last_status(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(Reply(204), Reply(302), Reply(503), Reply(404), Reply(500))
    for _ in range(4):
        await client.send("GET", receiver.url())
    host = name_of(receiver)
    assert outcomes(host) == {"2xx": 1, "3xx": 1, "4xx": 1, "5xx": 1}
    assert value("http_client_retries_total", host) == 1
    spent = REGISTRY.get_sample_value(f"{REQUESTS}_sum", {"host": host, "outcome": "2xx"})
    assert spent is not None
    assert 0 < spent < 15


async def test_a_request_without_an_answer_is_counted_by_its_reason(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(HANG_UP)
    for _ in range(5):
        with pytest.raises(NoAnswer):
            await client.send("POST", receiver.url())
    with pytest.raises(CircuitOpen):
        await client.send("POST", receiver.url())
    host = name_of(receiver)
    assert outcomes(host) == {"no_answer": 5, "circuit_open": 1}
    assert value("http_client_retries_total", host) is None


async def test_a_request_that_the_caller_gives_up_is_counted_as_cancelled(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(NEVER)
    request = asyncio.create_task(client.send("GET", receiver.url()))
    await receiver.arrivals.get()
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    assert outcomes(name_of(receiver)) == {"cancelled": 1}


async def test_the_state_of_the_circuit_is_shown(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(200), *[Reply(500)] * 5, Reply(200))
    shown = []
    for _ in range(6):
        await client.send("GET", receiver.url())
        shown.append(value("http_client_circuit_open", name_of(receiver)))
    assert shown == [0, 0, 0, 0, 0, 1]


async def test_a_host_beyond_the_first_hundred_is_counted_as_other(
    client: HttpClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_metrics, "MOST_HOSTS", 1)
    before = outcomes("other").get("2xx", 0)
    for host in ("127.0.0.1", "localhost", "127.0.0.1"):
        await client.send("GET", receiver.url(host=host))
    assert outcomes(name_of(receiver)) == {"2xx": 2}
    assert outcomes("other")["2xx"] - before == 1
    assert outcomes(f"localhost:{receiver.port}") == {}


async def test_a_refused_address_takes_no_place_among_the_hosts(
    client_of: MakeClient, receiver: Receiver
) -> None:
    before = outcomes("other").get("refused", 0)
    with pytest.raises(AddressRefused):
        await client_of(allow_private=False).send("GET", receiver.url(scheme="https"))
    assert outcomes("other")["refused"] - before == 1
    assert outcomes(name_of(receiver)) == {}
