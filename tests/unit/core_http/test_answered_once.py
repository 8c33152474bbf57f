"""What a use case committed before it refused stays, also where its call has a key."""

from contextlib import nullcontext
from uuid import UUID

import pytest

from app.core.context import current_work
from app.core.exceptions import Conflict
from app.core.idempotency import Answer, KeyedCall, answered_once

DONE = Answer(204, [], b"")


class Transaction:
    def __init__(self) -> None:
        self.seen: list[object] = []

    async def commit(self, call: KeyedCall, answer: Answer | None, /) -> None:
        self.seen.append(answer)

    async def close(self) -> None:
        self.seen.append("closed")


class NothingKept:
    async def find(self, call: KeyedCall, /) -> Answer | None:
        return None


@pytest.fixture
def call() -> KeyedCall:
    return KeyedCall(user_id=UUID(int=1), operation="POST /x", key="k", fingerprint="f")


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (None, [DONE, "closed"]),
        (Conflict(), [None, "closed"]),
        (RuntimeError(), ["closed"]),
        (KeyboardInterrupt(), ["closed"]),
    ],
)
async def test_each_way_out_ends_the_transaction(
    call: KeyedCall, error: BaseException | None, seen: list[object]
) -> None:
    transaction = Transaction()

    async def do() -> Answer:
        assert current_work.get().keyed is call
        call.held = transaction
        if error is not None:
            raise error
        return DONE

    expected = pytest.raises(type(error)) if error else nullcontext()
    with expected:
        await answered_once(call, NothingKept(), do)
    current_work.get().keyed = None
    assert transaction.seen == seen


async def test_what_was_answered_before_is_not_even_tried(call: KeyedCall) -> None:
    class Kept:
        async def find(self, call: KeyedCall, /) -> Answer | None:
            return DONE

    async def do() -> Answer:
        raise AssertionError

    assert await answered_once(call, Kept(), do) is DONE
