"""The limit of the bytes that one user's stored answers may have."""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select

from app.core.caches import evict_oldest
from app.core.exceptions import QuotaExceeded
from app.shared.infrastructure.database.connection import Reads
from app.shared.infrastructure.database.models import idempotency_key
from app.shared.infrastructure.database.statement import Statement

BYTES_OF_A_ROW: Final = 500
"""The bytes of an answer besides its body."""

USED: Final = Statement(
    select(
        (
            func.coalesce(func.sum(func.length(idempotency_key.c.body)), 0)
            + func.count() * literal_column(str(BYTES_OF_A_ROW))
        ).label("bytes")
    ).where(idempotency_key.c.user_id == bindparam("of_user"))
)


class IdempotencyQuota:
    """Limits the bytes of a user's stored answers: each new key stores one more.

    Counting them takes longer the more there are. So after a count this process may store a two
    hundredth of the quota without another count. Each process may exceed the quota by that, and by
    the answers in progress.
    """

    MOST_REMEMBERED: Final = 10_000
    SHARE: Final = 200

    def __init__(self, most: int) -> None:
        self._most = most
        self._leave: OrderedDict[UUID, int] = OrderedDict()

    async def check(self, reads: Reads, user_id: UUID) -> None:
        """Raise QuotaExceeded if there is no room for another answer."""
        if self._leave.get(user_id, 0) > 0:
            return
        row = await reads.fetch_one(USED, {"of_user": user_id})
        if row is not None and row["bytes"] >= self._most:
            detail = (
                f"The stored answers of your idempotency keys have {self._most} bytes, the most of"
                " an account: send this without a key, or when older ones are forgotten."
            )
            raise QuotaExceeded("idempotency_bytes", self._most, detail)
        self._leave[user_id] = max(1, self._most // self.SHARE)
        evict_oldest(self._leave, most=self.MOST_REMEMBERED)

    def note(self, user_id: UUID, body: bytes) -> None:
        """Count an answer that was stored."""
        if user_id in self._leave:
            self._leave[user_id] -= BYTES_OF_A_ROW + len(body)
