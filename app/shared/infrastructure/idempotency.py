"""The stored answers of calls with an Idempotency-Key, in the transaction of their effect."""

import datetime as dt
from contextlib import AsyncExitStack
from typing import Any, Final

from sqlalchemy import Float, bindparam, insert, select

from app.core.idempotency import (
    AlreadyAnswered,
    Answer,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    IdempotentCall,
)
from app.core.schedules import every
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.after_commit import AfterCommit
from app.shared.infrastructure.database.batches import delete_batch
from app.shared.infrastructure.database.connection import Connection, Database, Reads
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.locks import is_alone
from app.shared.infrastructure.database.models import idempotency_key
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.retention import forget_older
from app.shared.infrastructure.idempotency_quota import IdempotencyQuota

_key = idempotency_key.c
_NAMES: Final = ("user_id", "operation", "key")
FIND: Final = Statement(
    select(idempotency_key).where(*(_key[name] == bindparam(name) for name in _NAMES))
)
KEEP: Final = Statement(
    insert(idempotency_key).values(created_at=database_time()),
    columns=[column.name for column in idempotency_key.columns if column.name != "created_at"],
)
FORGET: Final = delete_batch(idempotency_key, lambda c: c.user_id == bindparam("of_user"))
"""Delete the answers that a user got: they contain what the user wrote."""

OLD: Final = delete_batch(
    idempotency_key,
    lambda c: c.created_at < database_time(-bindparam("keep", type_=Float)),
    "created_at",
)


class SqlIdempotencyStore:
    """Stores answers. It is asked first: a repeated call is not processed at all."""

    def __init__(self, database: Database, bytes_of_user: IdempotencyQuota) -> None:
        self._database, self._bytes_of_user = database, bytes_of_user

    async def find(self, call: IdempotentCall, /) -> Answer | None:
        answer = await _find(self._database, call)
        if answer is None:
            await self._bytes_of_user.check(self._database, call.user_id)
        return answer

    def note(self, call: IdempotentCall, answer: Answer, /) -> None:
        self._bytes_of_user.note(call.user_id, answer.body)


async def claim_key(connection: Connection, call: IdempotentCall) -> None:
    """Make sure that no other call with this key runs or has finished.

    Raises IdempotencyInProgress and AlreadyAnswered. The claim ends with the transaction, so a
    process that dies leaves none behind.
    """
    if call.deferred is not None:
        raise TypeError("a call with an Idempotency-Key has one transaction")
    name = "\n".join([str(call.user_id), call.operation, call.key])
    if not await is_alone(connection, name):
        raise IdempotencyInProgress
    # The previous holder of the lock may have finished between our first query and now.
    if (answer := await _find(connection, call)) is not None:
        raise AlreadyAnswered(answer)


class DeferredCommit:
    """The transaction of a call with a key, between its use case's commit and the real commit."""

    def __init__(
        self,
        connection: Connection,
        stack: AsyncExitStack,
        notifier: Notifier | None,
        after_commit: AfterCommit,
    ) -> None:
        self._connection, self._stack, self._notifier = connection, stack, notifier
        self._after_commit, self._is_committed = after_commit, False

    async def commit(self, call: IdempotentCall, answer: Answer | None, /) -> None:
        if answer is not None:
            await self._connection.execute(KEEP, _row(call, answer))
        await self._connection.commit()
        self._is_committed = True
        if self._notifier is not None:
            self._notifier.notify()

    async def close(self) -> None:
        await self._stack.aclose()
        if self._is_committed:
            await self._after_commit.run()


@every(dt.timedelta(hours=1), id="idempotency.forget_answers", transactional=False)
class ForgetAnswers:
    """Delete expired answers; then their keys are new again."""

    def __init__(self, database: Database, keep: dt.timedelta) -> None:
        self._database, self._keep = database, keep

    async def __call__(self, _tick: ScheduleTick, _key: str) -> None:
        await forget_older(self._database, OLD, self._keep)


async def _find(reads: Reads, call: IdempotentCall) -> Answer | None:
    row = await reads.fetch_one(FIND, {name: getattr(call, name) for name in _NAMES})
    if row is None:
        return None
    if row["fingerprint"] != call.fingerprint:
        raise IdempotencyKeyReused
    headers = [(name.encode(), value.encode()) for name, value in row["headers"]]
    return Answer(row["status"], headers, bytes(row["body"]))


def _row(call: IdempotentCall, answer: Answer) -> dict[str, Any]:
    return {
        "user_id": call.user_id,
        "operation": call.operation,
        "key": call.key,
        "fingerprint": call.fingerprint,
        "status": answer.status,
        "headers": [[name.decode(), value.decode()] for name, value in answer.headers],
        "body": answer.body,
    }
