"""Limits the emails that one address gets, and that one user causes."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Final

from app.core.context import current_work
from app.core.endings import Discard, Retry
from app.core.limits import HOUR, Limit, Limiter, TooManyRequests
from app.shared.application.email import Email, EmailKind, Mailer

EIGHTHS: Final = {
    EmailKind.NOTICE: 2,
    EmailKind.REQUEST: 2,
    EmailKind.RECOVERY: 1,
    EmailKind.WORK: 3,
}
"""Each kind's share of the emails to one address: no kind can use up that of another."""

COUNTED: Final = Limit("emails_counted", 1_000, per=HOUR)
"""A limit that is never reached: it remembers which emails were counted and not sent yet."""


class LimitedMailer:
    """Sends at most a number of emails an hour to one address, of all kinds together.

    One user may cause only a number of emails about tasks, for all recipients together. Beyond a
    limit it raises Discard. A notice about an account must not be lost, so for it the mailer raises
    Retry.
    """

    def __init__(
        self, mailer: Mailer, limiter: Limiter, *, per_recipient: int, per_user: int
    ) -> None:
        self._mailer, self._limiter = mailer, limiter
        self._to_recipient = {
            kind: Limit(f"emails_{kind}", max(1, per_recipient * eighths // 8), per=HOUR)
            for kind, eighths in EIGHTHS.items()
        }
        self._of_user = Limit("emails_of_user", per_user, per=HOUR)

    async def send(self, email: Email, /) -> None:
        if not await self._limiter.counted(COUNTED, email.key):
            await self._count(email)
        try:
            await self._mailer.send(email)
        except (Exception, asyncio.CancelledError):  # it took too long, or was stopped
            # It will be tried again, and counts once.
            with suppress(TooManyRequests):
                await self._limiter.hit(COUNTED, email.key)
            raise

    async def _count(self, email: Email) -> None:
        counters = list(self._counters(email))
        try:
            for limit, whom in counters:
                await self._limiter.check(limit, whom)
            for limit, whom in counters:
                await self._limiter.hit(limit, whom)
        except TooManyRequests as refusal:
            if email.kind is EmailKind.NOTICE:
                raise Retry(after=refusal.retry_after_seconds) from None
            raise Discard(f"too many emails of this kind in an hour: {email.kind}") from None

    def _counters(self, email: Email) -> Iterator[tuple[Limit, str]]:
        # Not the address itself: counters may be in Redis, which must not hold personal data.
        yield self._to_recipient[email.kind], sha256(email.to.key.encode()).hexdigest()[:32]
        actor_id = current_work.get().actor_id
        if email.kind is EmailKind.WORK and actor_id is not None:
            yield self._of_user, str(actor_id)
