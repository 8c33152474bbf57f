"""The limits of the emails that one address gets, and that one user causes, in an hour."""

from contextlib import suppress

import pytest

from app.core.endings import Discard, Retry
from app.core.limits import HOUR
from app.modules.user.application.email_sender import AccountEmail
from app.modules.user.domain.one_time_tokens import OneTimeToken
from app.modules.user.infrastructure.external import PAGES, TemplatedAccountEmailSender
from app.shared.application.email import Email, EmailDelayed, EmailKind, Recipient
from app.shared.application.limited_mailer import LimitedMailer
from app.shared.domain.base_entity import new_id
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.limits.local import MOST_BYTES, LocalLimiter
from tests.support.emails import an_email
from tests.support.requests import request_at_hand

NOTICE, REQUEST, WORK = EmailKind.NOTICE, EmailKind.REQUEST, EmailKind.WORK
RECOVERY = EmailKind.RECOVERY


class Outbox:
    """Collects sent emails; with `is_away` it refuses all."""

    def __init__(self) -> None:
        self.sent: list[Email] = []
        self.is_away = False

    async def send(self, email: Email, /) -> None:
        if self.is_away:
            raise EmailDelayed("away")
        self.sent.append(email)


class Post:
    """A limited mailer with its own clock, which counts the sent emails."""

    def __init__(self, **limits: int) -> None:
        self.now, self.outbox = 0.0, Outbox()
        most_bytes = limits.pop("most_bytes", MOST_BYTES)
        limiter = LocalLimiter(now=lambda: self.now, most_bytes=most_bytes)
        given = {"per_recipient": 8, "per_user": 100, **limits}
        self.mailer = LimitedMailer(self.outbox, limiter, **given)

    async def send(self, kind: EmailKind, to: str = "ana@example.com", key: str = "") -> None:
        email = an_email(kind=kind, to=EmailAddress.parse(to), key=key or str(new_id()))
        await self.mailer.send(email)

    async def sends(self, count: int, kind: EmailKind, to: str = "ana@example.com") -> int:
        """Send so many; return how many were sent."""
        before = len(self.outbox.sent)
        for _ in range(count):
            try:
                await self.send(kind, to)
            except (Discard, Retry):
                continue
        return len(self.outbox.sent) - before


async def test_the_emails_to_one_address_are_limited_over_all_kinds() -> None:
    post = Post(per_recipient=8)
    sent = {kind: await post.sends(120, kind) for kind in EmailKind}
    assert sent == {WORK: 3, REQUEST: 2, RECOVERY: 1, NOTICE: 2}
    assert await post.sends(1, WORK, to="bruno@example.com") == 1
    post.now += HOUR
    assert {kind: await post.sends(120, kind) for kind in EmailKind} == sent


async def test_every_spelling_of_an_address_counts_for_it() -> None:
    post = Post(per_recipient=8)
    assert await post.sends(9, WORK, to="straße@example.com") == 3
    assert await post.sends(9, WORK, to="STRASSE@example.com") == 0


async def test_over_the_limit_an_email_is_dropped_and_a_notice_is_delayed() -> None:
    post = Post(per_recipient=8)
    for kind in EmailKind:
        await post.sends(9, kind)
    for kind in (WORK, REQUEST, RECOVERY):
        with pytest.raises(Discard, match=f"too many emails of this kind in an hour: {kind}"):
            await post.send(kind)
    with pytest.raises(Retry) as later:
        await post.send(NOTICE, key="a-notice")
    post.now += later.value.after
    await post.send(NOTICE, key="a-notice")
    assert post.outbox.sent[-1].key == "a-notice"


async def test_the_emails_that_one_user_causes_are_limited() -> None:
    post = Post(per_user=5)
    with request_at_hand(actor_id=new_id()):
        went = [await post.sends(1, WORK, to=f"user{n}@example.com") for n in range(9)]
        assert went == [1, 1, 1, 1, 1, 0, 0, 0, 0]
        assert await post.sends(1, REQUEST) == 1
    with request_at_hand(actor_id=new_id()):
        assert await post.sends(1, WORK, to="user9@example.com") == 1
    assert await post.sends(1, WORK) == 1  # of a schedule, which no user caused


async def test_a_full_memory_of_the_limiter_does_not_lift_the_limits() -> None:
    post = Post(per_recipient=8, most_bytes=20_000)
    for number in range(100):
        await post.sends(1, WORK, to=f"user{number}@example.com")
    assert await post.sends(120, WORK) <= 3


async def test_a_retried_email_counts_once() -> None:
    post = Post(per_recipient=8)
    post.outbox.is_away = True
    for _ in range(15):
        with pytest.raises(EmailDelayed):
            await post.send(WORK, key="tried-again")
    post.outbox.is_away = False
    await post.send(WORK, key="tried-again")
    assert await post.sends(9, WORK) == 2


@pytest.mark.parametrize(
    "flood", [each for each in AccountEmail if each is not AccountEmail.RESET_PASSWORD]
)
async def test_other_emails_cannot_use_up_the_share_of_password_resets(flood: AccountEmail) -> None:
    post = Post(per_recipient=40)
    email_sender = TemplatedAccountEmailSender(
        post.mailer, signed_by="Shop", links_begin_with="https://api.example.com"
    )
    ana, token = Recipient(None, EmailAddress.parse("ana@example.com")), OneTimeToken.make()
    for _ in range(41):
        with suppress(Discard, Retry):
            link = token if flood in PAGES else None
            await email_sender.send(flood, ana, key=str(new_id()), token=link)
    await email_sender.send(AccountEmail.RESET_PASSWORD, ana, key="the-reset", token=token)
    assert post.outbox.sent[-1].key == "the-reset"
