"""Requests to other services, as use cases, jobs and handlers make them."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Final, Protocol, Self

MAX_BODY_BYTES: Final = 1024 * 1024


class NoAnswer(Exception):
    """The host is unreachable, did not answer in time, or did not answer in HTTP."""


class AnswerTooLarge(Exception):
    """The body is longer than this service reads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of the other service, with any status."""

    status: int
    headers: Mapping[str, str]
    start: bytes
    is_whole: bool

    @property
    def body(self) -> bytes:
        """The body as it was sent. Raises AnswerTooLarge if it has more than `MAX_BODY_BYTES`."""
        if not self.is_whole:
            raise AnswerTooLarge(f"more than {MAX_BODY_BYTES} bytes")
        return self.start

    @property
    def retry_after(self) -> float | None:
        """After how many seconds to try again, if the other side says so (RFC 9110, 10.2.3)."""
        text = self.headers.get("retry-after", "")
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time())
        except (ValueError, OverflowError):
            return None


class AddressRefused(Exception):
    """The service may not call this host."""


class CircuitOpen(Exception):
    """The host failed so often that it gets no request now. `after` is in seconds."""

    def __init__(self, host: str, *, failures: int, after: float) -> None:
        self.after = after
        super().__init__(f"{host} gets no requests now: it failed {failures} times in a row")


class HttpClient(Protocol):
    """Sends requests to other services: bounded in time and size, and at public addresses only."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Answer:
        """Return the answer, with any status; a redirect is an answer too.

        `key` tells the other side that it is the same request again. A request with a key, or with
        a method that is idempotent, is repeated if that may help. It takes 55 seconds at most.
        Raises NoAnswer, CircuitOpen at once while the circuit is open, and AddressRefused.
        """
        ...

    def inside(self) -> Self:
        """Return a client that may also call private addresses, and plain HTTP.

        Only for an address that an operator has set: never for one that came with a request.
        """
        ...
