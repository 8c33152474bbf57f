"""Requests are limited in time, size and number."""

import asyncio
import socket

import httpx2
import pytest

from app.shared.application.http import (
    MAX_BODY_BYTES,
    AnswerTooLarge,
    CircuitOpen,
    HttpClient,
    NoAnswer,
)
from app.shared.infrastructure.external import guarded_transport, http_client
from tests.support.requests import request_at_hand
from tests.support.webhook_receiver import HANG_UP, NEVER, Receiver, Reply

# --- What is sent and what comes back -------------------------------------------------------------


async def test_request_and_answer_arrive_unchanged(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(201, {"X-Thing": "1"}, b"hello"))
    answer = await client.send(
        "PUT", receiver.url("/a?b=c%20d"), body=b"\x00\xff", headers={"Content-Type": "x/y"}
    )
    assert (answer.status, answer.headers["x-thing"], answer.body) == (201, "1", b"hello")
    [request] = receiver.received
    assert (request.method, request.target, request.body) == ("PUT", "/a?b=c%20d", b"\x00\xff")
    assert request.headers["content-type"] == "x/y"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


async def test_the_trace_of_the_work_is_sent(client: HttpClient, receiver: Receiver) -> None:
    traceparent = f"00-{'a' * 32}-{'b' * 16}-01"
    with request_at_hand(request_id="req-12345678", traceparent=traceparent):
        await client.send("GET", receiver.url())
    [request] = receiver.received
    assert request.headers["x-request-id"] == "req-12345678"
    assert request.headers["traceparent"] == traceparent


async def test_work_without_a_trace_sends_none(client: HttpClient, receiver: Receiver) -> None:
    await client.send("GET", receiver.url())
    assert {"x-request-id", "traceparent"}.isdisjoint(receiver.received[0].headers)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_like_any_other(
    client: HttpClient, receiver: Receiver, status: int
) -> None:
    receiver.answers(Reply(status, {"Location": receiver.url("/elsewhere")}))
    assert (await client.send("GET", receiver.url())).status == status
    assert len(receiver.received) == 1


async def test_cookies_of_an_answer_are_not_sent_again(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(Reply(200, {"Set-Cookie": "session=1"}))
    for _ in range(2):
        await client.send("GET", receiver.url())
    assert "cookie" not in receiver.received[1].headers


async def test_the_proxies_of_the_environment_are_not_used(
    client: HttpClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert (await client.send("GET", receiver.url())).status == 204


# --- Size -----------------------------------------------------------------------------------------


async def test_the_largest_body_is_read(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(200, body=b"x" * MAX_BODY_BYTES))
    assert len((await client.send("GET", receiver.url())).body) == MAX_BODY_BYTES


async def test_a_larger_body_still_has_its_status(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(200, body=b"x" * (MAX_BODY_BYTES + 1)))
    answer = await client.send("GET", receiver.url())
    assert (answer.status, len(answer.start)) == (200, MAX_BODY_BYTES)
    with pytest.raises(AnswerTooLarge):
        _ = answer.body


async def test_a_body_without_end_is_not_read_to_its_end(
    client: HttpClient, receiver: Receiver
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {10**12}\r\n\r\n".encode()
    receiver.answers(Reply(raw=head + b"x" * (MAX_BODY_BYTES + 1)))
    assert not (await client.send("GET", receiver.url())).is_whole


async def test_a_compressed_body_is_not_decompressed(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(Reply(200, {"Content-Encoding": "gzip"}, b"packed"))
    assert (await client.send("GET", receiver.url())).body == b"packed"
    assert receiver.received[0].headers["accept-encoding"] == "identity"


# --- Repetitions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_temporary_error_is_retried(
    client: HttpClient, receiver: Receiver, status: int
) -> None:
    receiver.answers(Reply(status), Reply(status), Reply(200))
    assert (await client.send("GET", receiver.url())).status == 200
    assert len(receiver.received) == 3


async def test_after_the_third_attempt_the_answer_is_final(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(Reply(503, {"Retry-After": "1"}))
    answer = await client.send("GET", receiver.url())
    assert (answer.status, answer.retry_after) == (503, 1)
    assert len(receiver.received) == 3


@pytest.mark.parametrize("status", [200, 400, 404, 409, 500, 501])
async def test_any_other_answer_is_final(
    client: HttpClient, receiver: Receiver, status: int
) -> None:
    receiver.answers(Reply(status))
    assert (await client.send("GET", receiver.url())).status == status
    assert len(receiver.received) == 1


async def test_a_long_pause_is_left_to_the_caller(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(429, {"Retry-After": "60"}))
    assert (await client.send("GET", receiver.url())).retry_after == 60
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("method", "key", "attempts"),
    [
        ("GET", None, 3),
        ("HEAD", None, 3),
        ("OPTIONS", None, 3),
        ("PUT", None, 3),
        ("DELETE", None, 3),
        ("POST", None, 1),
        ("PATCH", None, 1),
        ("POST", "a-key", 3),
        ("PATCH", "a-key", 3),
    ],
)
async def test_only_idempotent_requests_are_retried(
    client: HttpClient, receiver: Receiver, method: str, key: str | None, attempts: int
) -> None:
    receiver.answers(HANG_UP)
    with pytest.raises(NoAnswer):
        await client.send(method, receiver.url(), body=b"x", key=key)
    assert [request.headers.get("idempotency-key") for request in receiver.received] == (
        [key] * attempts
    )


async def test_a_repetition_is_the_same_request(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(HANG_UP, Reply(502), Reply(200))
    await client.send("POST", receiver.url(), body=b"abc", key="a-key")
    assert len(receiver.received) == 3
    assert len({repr(request) for request in receiver.received}) == 1


async def test_of_many_requests_that_fail_few_are_repeated(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(Reply(429))
    for _ in range(5):
        assert (await client.send("GET", receiver.url())).status == 429
    assert len(receiver.received) == 5 * 3
    for _ in range(95):
        await client.send("GET", receiver.url())
    assert 100 + 20 < len(receiver.received) <= 100 + 30


# --- Connections ----------------------------------------------------------------------------------


async def test_requests_to_a_host_share_a_connection(
    client: HttpClient, receiver: Receiver
) -> None:
    for _ in range(3):
        assert (await client.send("POST", receiver.url())).status == 204
    assert (len(receiver.received), receiver.connections) == (3, 1)


async def test_a_connection_that_the_other_side_closed_is_replaced(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(Reply(raw=Reply().encode()), Reply(201))
    assert (await client.send("POST", receiver.url())).status == 204
    await asyncio.sleep(0.05)  # until its end has arrived
    assert (await client.send("POST", receiver.url())).status == 201
    assert receiver.connections == 2


async def test_a_connection_whose_answer_was_not_read_to_its_end_is_not_used_again(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(Reply(200, body=b"x" * 2 * MAX_BODY_BYTES), Reply(201))
    await client.send("GET", receiver.url())
    assert (await client.send("GET", receiver.url())).status == 201
    assert receiver.connections == 2


async def test_beyond_so_many_hosts_no_connection_is_kept(
    client: HttpClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_transport, "MOST_HOSTS", 1)
    for host in ("127.0.0.1", "localhost", "localhost", "127.0.0.1"):
        assert (await client.send("GET", receiver.url(host=host))).status == 204
    assert receiver.connections == 3


# --- No answer ------------------------------------------------------------------------------------


async def test_a_host_without_a_listener_gives_no_answer(client: HttpClient) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with pytest.raises(NoAnswer, match=rf"^127\.0\.0\.1:{port}: "):
            await client.send("GET", f"http://127.0.0.1:{port}/secret")


async def test_what_is_not_http_is_no_answer(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(raw=b"220 mail.example.com ESMTP\r\n"))
    with pytest.raises(NoAnswer):
        await client.send("GET", receiver.url())


async def test_half_an_answer_is_none(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
    with pytest.raises(NoAnswer):
        await client.send("GET", receiver.url())


async def test_a_missing_answer_times_out(
    client: HttpClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUTS", httpx2.Timeout(0.05))
    receiver.answers(NEVER)
    with pytest.raises(NoAnswer, match="ReadTimeout"):
        await client.send("POST", receiver.url())


async def test_a_trickling_answer_times_out(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "ATTEMPT_SECONDS", 0.2)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")
        for _ in range(200):  # a byte now and then: no single wait is long
            if writer.is_closing():  # nothing waits any more
                break
            writer.write(b"x")
            await asyncio.sleep(0.01)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoAnswer, match="TimeoutError"):
        await client.send("POST", f"http://127.0.0.1:{port}/")
    server.close()


# --- The circuit ----------------------------------------------------------------------------------


async def test_a_failing_host_gets_no_more_requests(client: HttpClient, receiver: Receiver) -> None:
    receiver.answers(Reply(500))
    for _ in range(5):
        assert (await client.send("GET", receiver.url())).status == 500
    with pytest.raises(CircuitOpen):
        await client.send("GET", receiver.url())
    assert len(receiver.received) == 5


async def test_the_circuit_can_open_between_attempts(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(HANG_UP)
    with pytest.raises(NoAnswer):
        await client.send("GET", receiver.url())
    with pytest.raises(CircuitOpen):
        await client.send("GET", receiver.url())
    assert len(receiver.received) == 5


@pytest.mark.parametrize("status", [200, 302, 404, 429])
async def test_a_host_that_answers_closes_its_circuit(
    client: HttpClient, receiver: Receiver, status: int
) -> None:
    receiver.answers(*[Reply(500)] * 4, Reply(status), *[Reply(500)] * 4, Reply(200))
    statuses = [(await client.send("POST", receiver.url())).status for _ in range(10)]
    assert statuses == [500] * 4 + [status] + [500] * 4 + [200]


async def test_a_cancelled_request_does_not_count_as_a_failure(
    client: HttpClient, receiver: Receiver
) -> None:
    receiver.answers(*[NEVER] * 6, Reply(200))
    for _ in range(6):
        request = asyncio.create_task(client.send("GET", receiver.url()))
        await receiver.arrivals.get()
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
    assert (await client.send("GET", receiver.url())).status == 200
