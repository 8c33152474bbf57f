"""Each action on an account writes one line of the security log, without a secret."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final
from uuid import UUID

import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict

from app.core.logging import _Writer
from tests.e2e.user.conftest import Post
from tests.support.browser import COOKIE, Browser
from tests.support.logs import separate_logging
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD, Person

NEW = "another horse battery"
ANA, THERE = "ana@example.com", "ana@elsewhere.example"
FRAME: Final = {"event", "log_level", "logger"}


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    """The lines of all loggers."""
    capture = LogCapture()
    with separate_logging():
        processors: list[Any] = [structlog.stdlib.add_logger_name, capture]
        structlog.configure(
            processors=processors,
            logger_factory=_Writer,
            wrapper_class=structlog.make_filtering_bound_logger("debug"),
        )
        yield capture.entries


class Actions:
    """The actions on Ana's account, each after those that it needs."""

    def __init__(
        self, ana: Person, admin: Person, send: Post, sign_in: Post, mail: Mailbox
    ) -> None:
        self.ana, self.admin = ana, admin
        self.send, self.sign_in, self.mail = send, sign_in, mail
        self.lines: list[EventDict] = []

    def now(self) -> None:
        """Ignore the lines of the preparation."""
        self.lines.clear()

    async def register(self) -> None:
        await self.send("/register", email="b@example.com", password=PASSWORD, full_name="Bruno")

    async def register_again(self) -> None:
        await self.send("/register", email=ANA, password=PASSWORD, full_name="Ana")

    async def sign_in_well(self) -> None:
        await self.sign_in(ANA)

    async def sign_in_badly(self) -> None:
        await self.sign_in(ANA, NEW)

    async def sign_in_as_nobody(self) -> None:
        await self.sign_in("nobody@example.com")

    async def sign_out(self) -> None:
        await self.ana.post("/auth/logout")

    async def ask_to_verify(self) -> None:
        await self.send("/verify-email/resend", email=ANA)

    async def ask_to_reset(self) -> None:
        await self.send("/password/forgot", email=ANA)

    async def reset(self) -> None:
        await self.send("/password/forgot", email=ANA)
        token = await self.mail.token(ANA, "reset-password")
        self.now()
        await self.send("/password/reset", token=token, new_password=NEW)

    async def change_password(self, current: str = PASSWORD) -> None:
        body = {"current_password": current, "new_password": NEW}
        await self.ana.put("/users/me/password", body)

    async def change_password_badly(self) -> None:
        await self.change_password("wrong horse battery")

    async def ask_for_address(self) -> None:
        await self.ana.put("/users/me/email", {"email": THERE, "current_password": PASSWORD})

    async def change_address(self) -> None:
        await self.ask_for_address()
        token = await self.mail.token(THERE, "confirm-email")
        self.now()
        await self.send("/email/confirm", token=token, password=PASSWORD)

    async def change_address_badly(self) -> None:
        await self.ask_for_address()
        token = await self.mail.token(THERE, "confirm-email")
        self.now()
        await self.send("/email/confirm", token=token, password=NEW)

    async def leave(self) -> None:
        await self.ana.request("DELETE", "/users/me", json={"current_password": PASSWORD})

    async def deactivate(self) -> None:
        await self.admin.post(f"/users/{self.ana.id}/deactivate", version="*")

    async def activate(self) -> None:
        await self.admin.post(f"/users/{self.ana.id}/activate", version="*")

    async def sign_out_of_all(self) -> None:
        await self.admin.delete(f"/users/{self.ana.id}/sessions")

    async def give_roles(self) -> None:
        await self.admin.put(f"/users/{self.ana.id}/roles", {"roles": ["user"]}, version="*")


@pytest.fixture
def actions(
    *,
    ana: Person,
    admin: Person,
    send: Post,
    sign_in: Post,
    mail: Mailbox,
    lines: list[EventDict],
) -> Actions:
    actions = Actions(ana, admin, send, sign_in, mail)
    actions.lines = lines
    return actions


Do = Callable[[Actions], Awaitable[None]]
WHOM, BOTH = {"user_id"}, {"user_id", "session_id"}
BY_ADMIN = BOTH | {"by"}


@pytest.mark.parametrize(
    ("do", "named", "level", "fields"),
    [
        (Actions.register, "registered", "info", WHOM),
        (Actions.register_again, "registration received", "info", {"registration_id"}),
        (Actions.sign_in_well, "signed in", "info", BOTH),
        (Actions.sign_in_badly, "sign-in refused", "warning", WHOM),
        (Actions.sign_in_as_nobody, "sign-in refused", "warning", WHOM),
        (Actions.sign_out, "signed out", "info", BOTH),
        (Actions.ask_to_verify, "verification asked", "info", {"registration_id"}),
        (Actions.ask_to_reset, "reset asked", "info", WHOM),
        (Actions.reset, "password reset", "info", WHOM),
        (Actions.change_password, "password changed", "info", BOTH),
        (Actions.change_password_badly, "re-authentication refused", "warning", BOTH),
        (Actions.ask_for_address, "address change asked", "info", BOTH),
        (Actions.change_address, "address changed", "info", WHOM),
        (Actions.change_address_badly, "address change refused", "warning", WHOM),
        (Actions.leave, "account deleted", "info", BOTH),
        (Actions.deactivate, "account deactivated", "info", BY_ADMIN),
        (Actions.activate, "account activated", "info", BY_ADMIN),
        (Actions.sign_out_of_all, "sessions ended", "info", BY_ADMIN),
        (Actions.give_roles, "roles changed", "info", BY_ADMIN | {"roles"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_each_action_writes_one_line(
    *, actions: Actions, do: Do, named: str, level: str, fields: set[str]
) -> None:
    await do(actions)
    [line] = [line for line in actions.lines if line["logger"] == "security"]
    assert (line["event"], line["log_level"]) == (named, level)
    assert set(line) - FRAME == fields
    if "user_id" in fields and named not in {"registered", "sign-in refused"}:
        assert line["user_id"] == actions.ana.id
    said = repr([line for line in actions.lines if line["logger"] in {"security", "access"}])
    for secret in (PASSWORD, NEW, "wrong horse", "@", "Ana", "ot_", actions.ana.refresh_token):
        assert secret not in said


@pytest.mark.parametrize(
    ("password", "named", "level", "fields"),
    [
        (PASSWORD, "verified", "info", {"user_id", "registration_id"}),
        (NEW, "verification refused", "warning", {"registration_id"}),
    ],
)
async def test_a_verification_writes_one_line(
    *,
    apply: Post,
    send: Post,
    mail: Mailbox,
    lines: list[EventDict],
    password: str,
    named: str,
    level: str,
    fields: set[str],
) -> None:
    await apply(ANA)
    token = await mail.token(ANA, "verify-email")
    lines.clear()
    await send("/verify-email", token=token, password=password)
    [line] = [line for line in lines if line["logger"] == "security"]
    assert (line["event"], line["log_level"]) == (named, level)
    assert set(line) - FRAME == fields
    assert token not in repr(lines)


async def test_a_replaced_session_of_a_browser_writes_another_line(
    ana: Person, lines: list[EventDict]
) -> None:
    first = await Browser.sign_in(ana.client, ANA)
    lines.clear()
    await Browser.sign_in(ana.client, ANA, Cookie=f"{COOKIE}={first.cookie}")
    replaced, _ = [line for line in lines if line["logger"] == "security"]
    assert replaced["event"] == "session replaced"
    assert UUID(replaced["session_id"]).hex == first.cookie.partition(".")[0]
    assert first.cookie not in repr(lines)


async def test_an_invalid_link_writes_a_warning(send: Post, lines: list[EventDict]) -> None:
    for path, more in (
        ("/verify-email", {"password": PASSWORD}),
        ("/email/confirm", {"password": PASSWORD}),
        ("/password/reset", {"new_password": NEW}),
    ):
        lines.clear()
        await send(path, token="ot_canary", **more)
        [line] = [line for line in lines if line["logger"] == "security"]
        assert (line["event"], line["log_level"]) == ("link refused", "warning")
        assert "canary" not in repr(lines)
