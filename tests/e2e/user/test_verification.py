"""Opening an account needs both the email and the password of the registration."""

import asyncio
import datetime as dt

import httpx2
import pytest
from sqlalchemy import select, update

from app.container import ApplicationContainer
from app.modules.user.application.housekeeping import ForgetOldRegistrations
from app.modules.user.infrastructure.tables import registration, registration_token
from app.modules.user.infrastructure.tables import user as user_table
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import problem, refusal, said
from tests.e2e.user.conftest import Post, Rows
from tests.support.batches import call_to_the_end
from tests.support.emails import part
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD, Person
from tests.support.statements import recorded

ANA, THERE = "ana@example.com", "ana@elsewhere.example"
STRANGERS = "a stranger's battery"
VERIFY, CONFIRM = "verify-email", "confirm-email"
INVALID, WRONG = (400, "invalid_token"), (403, "wrong_password")


async def test_a_new_user_opens_the_account_with_link_and_password(
    apply: Post, send: Post, sign_in: Post, mail: Mailbox, rows: Rows
) -> None:
    answer = await apply(ANA, name="Ana Example")
    assert (answer.status_code, answer.json()) == (202, {"status": "pending_verification"})
    [email] = await mail.to(ANA)
    text, html = part(email, "plain"), part(email, "html")
    link, _, rest = text.partition("http://localhost:8000/verify-email#token=")
    assert link, text
    token = rest.split()[0]
    assert f"http://localhost:8000/verify-email#token={token}" in html
    assert "evil" not in text + html
    assert await rows(select(user_table)) == []
    assert refusal(await sign_in(ANA)) == ("invalid_grant", "invalid_credentials")

    answer = await send("/verify-email", token=token, password=PASSWORD)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await sign_in(ANA)).status_code == 200
    [account] = await rows(select(user_table))
    assert (account["full_name"], account["verified_at"] is None) == ("Ana Example", False)
    assert await rows(select(registration)) == await rows(select(registration_token)) == []


async def test_a_stranger_who_registered_an_address_first_never_gets_the_account(
    apply: Post, send: Post, sign_in: Post, mail: Mailbox, rows: Rows
) -> None:
    await apply(ANA, STRANGERS, "Mallory")
    theirs = await mail.token(ANA, VERIFY)
    await apply(ANA, PASSWORD, "Ana Example")
    own = await mail.token(ANA, VERIFY)
    assert (await send("/verify-email", token=own, password=PASSWORD)).status_code == 204

    assert (await sign_in(ANA, PASSWORD)).status_code == 200
    assert (await sign_in(ANA, STRANGERS)).status_code == 400
    [account] = await rows(select(user_table))
    assert account["full_name"] == "Ana Example"
    for password in (STRANGERS, PASSWORD):
        assert problem(await send("/verify-email", token=theirs, password=password)) == INVALID


async def test_the_link_of_a_strangers_registration_opens_no_account_for_the_owner(
    apply: Post, send: Post, sign_in: Post, mail: Mailbox, rows: Rows
) -> None:
    await apply(ANA, PASSWORD)
    own = await mail.token(ANA, VERIFY)
    await apply(ANA, STRANGERS, "Mallory")
    theirs = await mail.token(ANA, VERIFY)
    assert problem(await send("/verify-email", token=theirs, password=PASSWORD)) == WRONG
    assert await rows(select(user_table)) == []
    assert (await sign_in(ANA, STRANGERS)).status_code == 400
    assert (await send("/verify-email", token=own, password=PASSWORD)).status_code == 204


async def test_a_wrong_password_does_not_use_up_the_link(
    apply: Post, send: Post, mail: Mailbox
) -> None:
    await apply(ANA)
    token = await mail.token(ANA, VERIFY)
    assert problem(await send("/verify-email", token=token, password=STRANGERS)) == WRONG
    assert (await send("/verify-email", token=token, password=PASSWORD)).status_code == 204


async def test_one_of_eight_concurrent_links_to_one_address_opens_the_account(
    apply: Post, send: Post, mail: Mailbox, rows: Rows
) -> None:
    links = []
    for password in (PASSWORD, STRANGERS):
        await apply(ANA, password)
        links.append((await mail.token(ANA, VERIFY), password))
    answers = await asyncio.gather(
        *(send("/verify-email", token=token, password=password) for token, password in links * 4)
    )
    assert sorted(answer.status_code for answer in answers) == [204] + [400] * 7
    assert len(await rows(select(user_table))) == 1


async def test_a_registration_gets_the_same_answer_after_the_same_work_for_any_address(
    apply: Post, register: Post, mail: Mailbox, strict_container: ApplicationContainer
) -> None:
    await register(ANA)
    await apply("waiting@example.com")
    await mail.to(ANA)
    answers, work = [], []
    async with recorded(strict_container.database()) as statements:
        for name in ("new", "ana", "waiting", "other"):
            await statements.forget()
            answers.append(said(await apply(f"{name}@example.com")))
            work.append(await statements.in_all())
    assert answers[0].status == 202
    assert all(answer == answers[0] for answer in answers)
    assert any("INSERT INTO REGISTRATION" in sql for sql in work[0])
    assert all(each == work[0] for each in work)


async def test_the_owner_of_an_account_is_notified_and_the_registration_is_deleted(
    ana: Person, apply: Post, sign_in: Post, mail: Mailbox, rows: Rows
) -> None:
    await mail.to(ANA)
    await apply(" ANA@Example.com", STRANGERS, "Mallory")
    assert await mail.subjects(ANA) == ["You have an account already"]
    assert await rows(select(registration)) == []
    assert (await sign_in(ANA, STRANGERS)).status_code == 400
    assert (await ana.get("/users/me")).json()["full_name"] == "Ana Example"


async def test_the_link_is_sent_again_for_the_newest_registration(
    apply: Post, send: Post, mail: Mailbox
) -> None:
    await apply(ANA, STRANGERS)
    await apply(ANA, PASSWORD)
    await mail.to(ANA)
    await send("/verify-email/resend", email=ANA)
    again = await mail.token(ANA, VERIFY)
    assert (await send("/verify-email", token=again, password=PASSWORD)).status_code == 204


# --- What makes a registration void -------------------------------------------------------------


async def test_a_registration_is_invalid_after_another_account_moved_to_its_address(
    ana: Person, apply: Post, send: Post, mail: Mailbox, rows: Rows
) -> None:
    await apply(THERE, STRANGERS)
    theirs = await mail.token(THERE, VERIFY)
    await ana.put("/users/me/email", {"email": THERE, "current_password": PASSWORD})
    own = await mail.token(THERE, CONFIRM)
    assert (await send("/email/confirm", token=own, password=PASSWORD)).status_code == 204
    assert await rows(select(registration)) == []
    assert problem(await send("/verify-email", token=theirs, password=STRANGERS)) == INVALID


async def test_a_registration_is_invalid_after_an_administrator_got_its_address(
    apply: Post, container: ApplicationContainer, rows: Rows
) -> None:
    await apply("admin@example.com")
    await container.user.create_admin().execute("admin@example.com")
    assert await rows(select(registration)) == []


async def test_a_registration_is_invalid_after_the_account_of_its_address_was_deleted(
    ana: Person, apply: Post, rows: Rows
) -> None:
    await apply(ANA)
    await ana.request("DELETE", "/users/me", json={"current_password": PASSWORD})
    assert await rows(select(registration)) == []


async def test_a_link_opens_no_second_account_for_an_address_taken_meanwhile(
    apply: Post, send: Post, mail: Mailbox, change_registrations: Post, ana: Person
) -> None:
    await apply(THERE)
    token = await mail.token(THERE, VERIFY)
    await change_registrations(email_key=ANA, email=ANA)
    assert problem(await send("/verify-email", token=token, password=PASSWORD)) == INVALID


async def test_unverified_registrations_are_deleted_after_a_week(
    apply: Post, rows: Rows, container: ApplicationContainer, change_registrations: Post
) -> None:
    await apply(ANA)
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    forget = ForgetOldRegistrations(container.clock(), keep=7 * day)
    for age, left in ((7 * day - dt.timedelta(minutes=1), 1), (7 * day, 0)):
        await change_registrations(created_at=now - age)
        tick = ScheduleTick("user.forget_registrations", now)
        await call_to_the_end(forget, tick, container.user.uow)
        assert len(await rows(select(registration))) == left


# --- Change of address --------------------------------------------------------------------------


async def test_moving_to_an_address_requires_the_password_of_the_account(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    """Otherwise the owner of an address could confirm it for an account of an attacker."""
    await ana.put("/users/me/email", {"email": THERE, "current_password": PASSWORD})
    token = await mail.token(THERE, CONFIRM)
    assert problem(await send("/email/confirm", token=token, password=STRANGERS)) == WRONG
    assert (await ana.get("/users/me")).json()["email"] == ANA
    assert (await send("/email/confirm", token=token, password=PASSWORD)).status_code == 204
    assert (await ana.get("/users/me")).json()["email"] == THERE


@pytest.mark.parametrize("path", ["/verify-email", "/email/confirm"])
async def test_without_a_valid_link_no_password_is_checked(
    path: str, send: Post, container: ApplicationContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_asked: str) -> bool:
        raise AssertionError

    monkeypatch.setattr(container.hasher(), "verify", never)
    assert problem(await send(path, token="ot_" + "A" * 43, password=PASSWORD)) == INVALID


# --- Fixtures -----------------------------------------------------------------------------------


@pytest.fixture
def strict_container(strict: httpx2.AsyncClient) -> ApplicationContainer:
    found: ApplicationContainer = strict.state.container  # type: ignore[attr-defined]
    return found


@pytest.fixture
def change_registrations(container: ApplicationContainer) -> Post:
    async def change(**values: object) -> None:
        async with container.database().transaction() as connection:
            await connection.execute(Statement(update(registration), columns=list(values)), values)
            await connection.commit()

    return change  # type: ignore[return-value]
