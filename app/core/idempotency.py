"""Repeatable POST requests: the first answer is stored with the effect, and sent again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol
from uuid import UUID

from app.core.context import current_work
from app.core.exceptions import AppError, Conflict, Invalid


class IdempotencyInProgress(Conflict):
    """The same call is running right now."""

    code = "idempotency_in_progress"
    message = "A request with this Idempotency-Key is still running; try again in a moment."
    retry_after_seconds: Final = 1


class IdempotencyKeyReused(Invalid):
    """An idempotency key identifies one request; this request is a different one."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for another request; send a new one."

    def __init__(self) -> None:
        rule = "was already used for another request"
        super().__init__(
            errors=[{"parameter": "Idempotency-Key", "code": "reused", "detail": rule}]
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class AlreadyAnswered(Exception):
    """Another process finished the same call first. This is not an error: its answer is used."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()


class DeferredTransaction(Protocol):
    """A transaction whose use case has finished, but which is not committed yet."""

    async def commit(self, call: "IdempotentCall", answer: Answer | None, /) -> None:
        """Commit the transaction together with the stored answer. Raises if that fails."""
        ...

    async def close(self) -> None:
        """Release the connection. What was not committed is rolled back."""
        ...


@dataclass(slots=True, kw_only=True)
class IdempotentCall:
    """A request with an Idempotency-Key: its user, its operation and its content."""

    user_id: UUID
    operation: str
    key: str
    fingerprint: str
    deferred: DeferredTransaction | None = None


class IdempotencyStore(Protocol):
    """Stores answers for a limited time."""

    async def find(self, call: IdempotentCall, /) -> Answer | None:
        """Return the stored answer of the call, if there is one.

        Raises IdempotencyKeyReused, and QuotaExceeded if no further answer can be stored.
        """
        ...

    def note(self, call: IdempotentCall, answer: Answer, /) -> None:
        """Count the answer, which was just stored."""
        ...


def fingerprint(path: str, if_match: bytes, body: bytes) -> str:
    """Return a hash of the request: a repetition with the same key must have the same one."""
    return sha256(b"\n".join([path.encode(errors="surrogatepass"), if_match, body])).hexdigest()


async def run_once(
    call: IdempotentCall, store: IdempotencyStore, do: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Run the operation and return its answer; for a repetition return the stored answer.

    The use case's own commit only hands over its transaction (`SqlUnitOfWork.commit`). This
    function writes the answer into the transaction and commits it. So the effect and its answer are
    stored together, or not at all.
    """
    if (first := await store.find(call)) is not None:
        return first
    current_work.get().idempotent_call = call
    try:
        answer = await _done(call, do)
        if call.deferred is not None:
            await call.deferred.commit(call, answer)
            store.note(call, answer)
    except AlreadyAnswered as before:
        return before.answer
    finally:
        if call.deferred is not None:
            await call.deferred.close()
    return answer


async def _done(call: IdempotentCall, do: Callable[[], Awaitable[Answer]]) -> Answer:
    try:
        return await do()
    except AppError:
        # The use case committed and then refused the request: the effect stays. Errors are not
        # stored.
        if call.deferred is not None:
            await call.deferred.commit(call, None)
        raise
