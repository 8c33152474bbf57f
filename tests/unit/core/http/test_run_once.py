"""What a use case committed before it refused stays, also with an idempotency key."""

from contextlib import nullcontext
from typing import Any
from uuid import UUID

import pytest

from app.core.context import current_work
from app.core.exceptions import Conflict
from app.core.idempotency import (
    AlreadyAnswered,
    Answer,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    IdempotentCall,
    fingerprint,
    run_once,
)
from app.shared.infrastructure.idempotency import claim_key

DONE = Answer(204, [], b"")


class Transaction:
    def __init__(self) -> None:
        self.seen: list[object] = []

    async def commit(self, call: IdempotentCall, answer: Answer | None, /) -> None:
        assert call.deferred is self
        self.seen.append(answer)

    async def close(self) -> None:
        self.seen.append("closed")


class NothingKept:
    async def find(self, call: IdempotentCall, /) -> Answer | None:
        assert call.key == "k"
        return None

    def note(self, call: IdempotentCall, answer: Answer, /) -> None: ...


@pytest.fixture
def call() -> IdempotentCall:
    return IdempotentCall(user_id=UUID(int=1), operation="POST /x", key="k", fingerprint="f")


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (None, [DONE, "closed"]),
        (Conflict(), [None, "closed"]),
        (RuntimeError(), ["closed"]),
        (KeyboardInterrupt(), ["closed"]),
    ],
)
async def test_each_outcome_ends_the_transaction(
    call: IdempotentCall, error: BaseException | None, seen: list[object]
) -> None:
    transaction = Transaction()

    async def do() -> Answer:
        assert current_work.get().idempotent_call is call
        call.deferred = transaction
        if error is not None:
            raise error
        return DONE

    expected = pytest.raises(type(error)) if error else nullcontext()
    with expected:
        await run_once(call, NothingKept(), do)
    current_work.get().idempotent_call = None
    assert transaction.seen == seen


async def test_a_stored_answer_is_returned_without_running_again(call: IdempotentCall) -> None:
    class Kept:
        async def find(self, call: IdempotentCall, /) -> Answer | None:
            return DONE

        def note(self, call: IdempotentCall, answer: Answer, /) -> None:
            raise AssertionError

    async def do() -> Answer:
        raise AssertionError

    assert await run_once(call, Kept(), do) is DONE


async def test_the_later_of_two_concurrent_calls_gets_the_first_answer(
    call: IdempotentCall,
) -> None:
    async def lose() -> Answer:
        raise AlreadyAnswered(DONE)

    assert await run_once(call, NothingKept(), lose) is DONE
    current_work.get().idempotent_call = None


async def test_a_use_case_with_two_transactions_is_a_defect(
    call: IdempotentCall,
) -> None:
    call.deferred = Transaction()
    connection: Any = None
    with pytest.raises(TypeError, match=r"^a call with an Idempotency-Key has one transaction$"):
        await claim_key(connection, call)


@pytest.mark.parametrize("row", [None, {"is_ours": False}])
async def test_a_call_is_identified_by_user_operation_and_key(
    call: IdempotentCall, row: dict[str, bool] | None
) -> None:
    asked = []

    class Busy:
        async def fetch_one(self, _query: object, params: dict[str, str]) -> Any:
            asked.append(params["name"])
            return row

    connection: Any = Busy()
    with pytest.raises(IdempotencyInProgress):
        await claim_key(connection, call)
    assert asked == [f"{UUID(int=1)}\nPOST /x\nk"]


def test_each_part_of_a_request_changes_its_fingerprint() -> None:
    requests = [("/x", b"", b""), ("/y", b"", b""), ("/x", b"*", b""), ("/x", b"", b"*")]
    assert len({fingerprint(*request) for request in requests}) == 4
    assert fingerprint("/x", b"a", b"") != fingerprint("/x", b"", b"a")
    assert fingerprint("/x\ud800", b"", b"") == fingerprint("/x\ud800", b"", b"")


def test_the_fingerprint_of_a_request_never_changes() -> None:
    """Answers are stored for a day, and releases change in between."""
    assert fingerprint("/x", b'"1"', b"{}").startswith("9ed4ac4f6983b6fe")


def test_a_reused_key_is_reported_as_the_invalid_parameter() -> None:
    assert IdempotencyKeyReused().errors == [
        {
            "parameter": "Idempotency-Key",
            "code": "reused",
            "detail": "was already used for another request",
        }
    ]
