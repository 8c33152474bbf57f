"""Storage of one-time tokens: by their fingerprints, until they are used or expire."""

import datetime as dt
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import bindparam, delete, insert

from app.modules.user.domain.one_time_tokens import Grant, OneTimeToken, TokenKind
from app.modules.user.infrastructure.tables import one_time_token
from app.shared.infrastructure.database.batches import delete_batch
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.statement import Statement

_of_user = one_time_token.c.user_id == bindparam("user_id")
_of_kind = one_time_token.c.kind == bindparam("kind")

ADD = Statement(insert(one_time_token), columns=one_time_token.columns.keys())
CONSUME = Statement(
    delete(one_time_token)
    .where(one_time_token.c.fingerprint == bindparam("fingerprint"), _of_kind)
    .returning(*one_time_token.columns)
)
FORGET = Statement(delete(one_time_token).where(_of_user, _of_kind))
FORGET_ALL = Statement(delete(one_time_token).where(_of_user))
PURGE = delete_batch(one_time_token, lambda c: c.expires_at < bindparam("before"), "expires_at")


class SqlOneTimeTokenRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, grant: Grant, /) -> None:
        await self._connection.execute(ADD, {**asdict(grant), "kind": grant.kind.value})

    async def consume(self, token: OneTimeToken, kind: TokenKind, /) -> Grant | None:
        presented = {"fingerprint": token.fingerprint, "kind": kind.value}
        row = await self._connection.fetch_one(CONSUME, presented)
        return None if row is None else Grant(**{**row, "kind": TokenKind(row["kind"])})

    async def forget(self, user_id: UUID, kind: TokenKind, /) -> None:
        await self._connection.execute(FORGET, {"user_id": user_id, "kind": kind.value})

    async def forget_all(self, user_id: UUID, /) -> None:
        await self._connection.execute(FORGET_ALL, {"user_id": user_id})

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        return await self._connection.execute(PURGE, {"before": before, "most": most})
