"""A POST that may be sent again: its first answer is kept with its effect, and given again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol
from uuid import UUID

from app.core.context import current_work
from app.core.exceptions import AppError, Conflict, Invalid


class IdempotencyInProgress(Conflict):
    """The same call is at work right now."""

    code = "idempotency_in_progress"
    message = "A request with this Idempotency-Key is still running; try again in a moment."
    retry_after_seconds: Final = 1


class IdempotencyKeyReused(Invalid):
    """A key names one request; this is another one."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for another request; take a new one."

    def __init__(self) -> None:
        rule = "names another request already"
        super().__init__(
            errors=[{"parameter": "Idempotency-Key", "code": "reused", "detail": rule}]
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, as it was written once."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class AlreadyAnswered(Exception):
    """Somebody was faster with the same call. Not an error: the answer is theirs."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()


class DeferredTransaction(Protocol):
    """A transaction that its use case has ended, as far as it is concerned."""

    async def commit(self, call: "IdempotentCall", answer: Answer | None, /) -> None:
        """Make it durable, together with the call's answer. Raises if it is not."""
        ...

    async def close(self) -> None:
        """Let the connection go; what was not committed never happened."""
        ...


@dataclass(slots=True, kw_only=True)
class IdempotentCall:
    """A request with an Idempotency-Key: whose it is, for what, and what it says."""

    user_id: UUID
    operation: str
    key: str
    fingerprint: str
    deferred: DeferredTransaction | None = None


class IdempotencyStore(Protocol):
    """Where the answers are, for as long as they are kept."""

    async def find(self, call: IdempotentCall, /) -> Answer | None:
        """Return the call's answer, if it was given before.

        Raises IdempotencyKeyReused, and QuotaExceeded where no other answer can be kept.
        """
        ...

    def note(self, call: IdempotentCall, answer: Answer, /) -> None:
        """Count the call's answer, which was just kept."""
        ...


def fingerprint(path: str, if_match: bytes, body: bytes) -> str:
    """Tell requests apart that one key must not be used for."""
    return sha256(b"\n".join([path.encode(errors="surrogatepass"), if_match, body])).hexdigest()


async def run_once(
    call: IdempotentCall, store: IdempotencyStore, do: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Do it and return the answer; or return the answer of when it was done before.

    The use case's own commit only hands its transaction over (`SqlUnitOfWork.commit`): it is
    committed here, when the answer is written, with the answer in it. So there is no moment at
    which there is the one without the other.
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
        # Committed and then refused, as a use case may: the effect stays. Errors are not kept.
        if call.deferred is not None:
            await call.deferred.commit(call, None)
        raise
