"""What a receiver of webhooks gets, and what its answers cause."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from uuid import UUID

import pytest

from app.core.endings import DeadLetter, Discard, Retry
from app.shared.application.http import HttpClient, NoAnswer
from app.shared.application.webhook import WebhookMessage
from app.shared.infrastructure.external.webhook import StandardWebhook, WebhookFailed
from tests.integration.external.conftest import MakeClient
from tests.support.webhook_receiver import HANG_UP, Received, Receiver, Reply

NOW = dt.datetime(2026, 1, 2, 17, 30, 0, 999_999, tzinfo=dt.UTC)
SECRET = b"a key for tests only, and long enough"
KEY = "6b1a6a5e-6f0e-5c58-a4f1-3f1d0a4f6f10"
MESSAGE = WebhookMessage(
    id=UUID("0197f0c4-1111-7222-8333-444455556666"),
    type="note.archived",
    timestamp=dt.datetime(2026, 1, 2, 17, 0, tzinfo=dt.UTC),
    data={"note_id": UUID("0197f0c4-2222-7222-8333-444455556666")},
)


class StoppedClock:
    def now(self) -> dt.datetime:
        return NOW


def to(url: str, client: HttpClient) -> StandardWebhook:
    return StandardWebhook(client, StoppedClock(), url=url, keys=[SECRET])


@pytest.fixture
def webhook(client: HttpClient, receiver: Receiver) -> StandardWebhook:
    return to(receiver.url(), client)


def is_signed(request: Received) -> bool:
    """Verify as a receiver does, with only what it has."""
    headers = request.headers
    content = b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), request.body]
    )
    version, _, encoded = headers["webhook-signature"].partition(",")
    reckoned = hmac.new(SECRET, content, hashlib.sha256).digest()
    return version == "v1" and hmac.compare_digest(reckoned, base64.b64decode(encoded))


async def test_a_message_arrives_in_the_standard_form(
    webhook: StandardWebhook, receiver: Receiver
) -> None:
    await webhook.post(MESSAGE, key=KEY)
    [request] = receiver.received
    assert (request.method, request.target) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == KEY
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert json.loads(request.body) == {
        "id": "0197f0c4-1111-7222-8333-444455556666",
        "type": "note.archived",
        "timestamp": "2026-01-02T17:00:00Z",
        "data": {"note_id": "0197f0c4-2222-7222-8333-444455556666"},
    }
    assert is_signed(request)


async def test_every_retry_has_the_same_id_and_a_valid_signature(
    webhook: StandardWebhook, receiver: Receiver
) -> None:
    receiver.answers(HANG_UP, Reply(503), Reply(204))
    await webhook.post(MESSAGE, key=KEY)
    assert [request.headers["webhook-id"] for request in receiver.received] == [KEY] * 3
    assert all(is_signed(request) for request in receiver.received)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_every_2xx_is_a_success(
    webhook: StandardWebhook, receiver: Receiver, status: int
) -> None:
    receiver.answers(Reply(status))
    await webhook.post(MESSAGE, key=KEY)


async def test_a_2xx_with_an_endless_body_is_a_success(
    webhook: StandardWebhook, receiver: Receiver
) -> None:
    receiver.answers(Reply(200, body=b"x" * 3_000_000))
    await webhook.post(MESSAGE, key=KEY)


async def test_a_410_drops_the_message(webhook: StandardWebhook, receiver: Receiver) -> None:
    receiver.answers(Reply(410))
    with pytest.raises(Discard, match="the receiver answered 410"):
        await webhook.post(MESSAGE, key=KEY)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 451])
async def test_a_refused_message_is_a_dead_letter(
    webhook: StandardWebhook, receiver: Receiver, status: int
) -> None:
    receiver.answers(Reply(status, {"Retry-After": "1"}))
    with pytest.raises(DeadLetter, match=f"the receiver answered {status}"):
        await webhook.post(MESSAGE, key=KEY)


@pytest.mark.parametrize("status", [302, 304, 408, 429, 500, 501, 502, 503, 504])
async def test_any_other_failure_is_retried(
    webhook: StandardWebhook, receiver: Receiver, status: int
) -> None:
    receiver.answers(Reply(status))
    with pytest.raises(WebhookFailed, match=f"the receiver answered {status}"):
        await webhook.post(MESSAGE, key=KEY)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
@pytest.mark.parametrize(("said", "least"), [("60", 60), ("86400", 3600)])
async def test_retry_after_is_obeyed_up_to_an_hour(
    webhook: StandardWebhook, receiver: Receiver, status: int, said: str, least: int
) -> None:
    receiver.answers(Reply(status, {"Retry-After": said}))
    with pytest.raises(Retry) as error:
        await webhook.post(MESSAGE, key=KEY)
    assert least <= error.value.after <= least * 1.25


async def test_retry_after_0_is_retried_as_usual(
    webhook: StandardWebhook, receiver: Receiver
) -> None:
    receiver.answers(Reply(503, {"Retry-After": "0"}))
    with pytest.raises(WebhookFailed):
        await webhook.post(MESSAGE, key=KEY)
    assert len(receiver.received) == 3


async def test_a_missing_answer_is_retried(webhook: StandardWebhook, receiver: Receiver) -> None:
    receiver.answers(HANG_UP)
    with pytest.raises(NoAnswer):
        await webhook.post(MESSAGE, key=KEY)


async def test_an_open_circuit_is_retried_after_its_pause(
    webhook: StandardWebhook, receiver: Receiver
) -> None:
    receiver.answers(Reply(500))
    for _ in range(5):
        with pytest.raises(WebhookFailed):
            await webhook.post(MESSAGE, key=KEY)
    with pytest.raises(Retry) as error:
        await webhook.post(MESSAGE, key=KEY)
    assert 0 < error.value.after <= 30 * 1.25
    assert len(receiver.received) == 5


async def test_an_internal_address_is_a_dead_letter(
    client_of: MakeClient, receiver: Receiver
) -> None:
    inside = to(receiver.url("/secret", scheme="https"), client_of(allow_private=False))
    with pytest.raises(DeadLetter, match=r"^127\.0\.0\.1 has an address that is not public$"):
        await inside.post(MESSAGE, key=KEY)
    assert receiver.received == []
