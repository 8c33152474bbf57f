"""Webhooks in the form of Standard Webhooks 1.0.0 (standardwebhooks.com)."""

import base64
import hmac
import random
from collections.abc import Sequence
from typing import Final

import structlog

from app.core.endings import DeadLetter, Discard, Retry
from app.core.http import strict_json
from app.shared.application.base_usecase import Clock
from app.shared.application.http import AddressRefused, Answer, CircuitOpen, HttpClient
from app.shared.application.webhook import WebhookMessage
from app.shared.infrastructure.external.http_client import LONGEST_PAUSE_SECONDS

log = structlog.get_logger(__name__)

SUCCESS: Final = range(200, 300)
GONE: Final = 410
LATER: Final = frozenset({408, 429})
CLIENT_ERRORS: Final = range(400, 500)
LONGEST_DELAY_SECONDS: Final = 3600.0


class WebhookFailed(Exception):
    """The receiver did not accept the message this time."""


class StandardWebhook:
    """Posts messages to one URL, signed with each of the keys: the receiver has one of them.

    Receivers recognise a repetition by `webhook-id`, the delivery's key, and a replay by
    `webhook-timestamp`, the time of the attempt.
    """

    def __init__(
        self, client: HttpClient, clock: Clock, *, url: str, keys: Sequence[bytes]
    ) -> None:
        self._client, self._clock = client, clock
        self._url, self._keys = url, keys

    async def post(self, message: WebhookMessage, /, *, key: str) -> None:
        body = strict_json.encode(message, has_times=True)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(
                signature(secret, key, timestamp, body) for secret in self._keys
            ),
        }
        try:
            answer = await self._client.send("POST", self._url, body=body, headers=headers, key=key)
        except CircuitOpen as circuit:
            raise _retry(circuit.after) from circuit
        except AddressRefused as error:
            raise DeadLetter(str(error)) from None
        _judge(answer)


def signature(secret: bytes, key: str, timestamp: str, body: bytes) -> str:
    """Return the signature that the receiver compares with its own."""
    signed = f"{key}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def _judge(answer: Answer) -> None:
    """Return if the message was accepted; else raise the error that decides what follows."""
    status, said = answer.status, f"the receiver answered {answer.status}"
    if status in SUCCESS:
        return
    if status == GONE:
        log.warning("the receiver wants no more webhooks", status=status)
        raise Discard(said)
    if status in CLIENT_ERRORS and status not in LATER:
        raise DeadLetter(said)
    after = answer.retry_after or 0.0
    if after < LONGEST_PAUSE_SECONDS:  # the client has waited for that already, in vain
        raise WebhookFailed(said)
    raise _retry(after)


def _retry(after: float) -> Retry:
    """Limited, and spread so that waiting deliveries do not retry at the same moment."""
    return Retry(after=min(after, LONGEST_DELAY_SECONDS) * random.uniform(1.0, 1.25))  # noqa: S311 - nothing secret
