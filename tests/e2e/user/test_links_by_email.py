"""Verifying an address and resetting a password, each with a link in an email."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import select, update

from app.container import ApplicationContainer
from app.modules.user.domain.entities import User
from app.modules.user.infrastructure.tables import one_time_token, registration_token, user_session
from app.modules.user.infrastructure.tables import user as user_table
from app.shared.infrastructure.database.models import event_attempt, event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import ChangeAccount, Post, Rows
from tests.support.emails import part
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD, Person
from tests.support.scenario import Drain
from tests.support.statements import Statements, recorded

NEW = "another horse battery"
ANA, BRUNO = "ana@example.com", "bruno@example.com"
VERIFY, RESET, CONFIRM = "verify-email", "reset-password", "confirm-email"
INVALID = (400, "invalid_token")


def disabled(user: User) -> None:
    user.deactivate(now=user.updated_at)


@pytest.fixture
async def statements(container: ApplicationContainer) -> AsyncIterator[Statements]:
    async with recorded(container.database()) as statements:
        yield statements


@pytest.fixture
async def newcomer(apply: Post, mail: Mailbox) -> str:
    """The address of a registration whose link was not used."""
    await apply(ANA)
    await mail.to(ANA)
    return ANA


async def age_tokens(container: ApplicationContainer, by: dt.timedelta) -> None:
    async with container.database().transaction() as connection:
        for table in (one_time_token, registration_token):
            for row in await connection.fetch_all(Statement(select(table)), {}):
                older = Statement(
                    update(table)
                    .where(table.c.fingerprint == row["fingerprint"])
                    .values(expires_at=row["expires_at"] - by)
                )
                await connection.execute(older, {})
        await connection.commit()


# --- Asking for a link --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/password/forgot", "/verify-email/resend"])
async def test_every_request_for_a_link_gets_the_same_answer_after_the_same_work(
    *,
    path: str,
    register: Post,
    apply: Post,
    send: Post,
    change_account: ChangeAccount,
    statements: Statements,
) -> None:
    for name in ("ana", "bruno"):
        await register(f"{name}@example.com")
    await change_account(BRUNO, disabled)
    await apply("carla@example.com")
    answers, work = [], []
    for name in ("nobody", "ana", "bruno", "carla", "nobody"):
        await statements.forget()
        answers.append(said(await send(path, email=f"{name}@example.com")))
        work.append(await statements.in_all())
    assert answers[0].status == 202
    assert all(answer == answers[0] for answer in answers)
    assert any("INSERT INTO EVENT_LOG" in sql for sql in work[0])
    assert all(each == work[0] for each in work)


@pytest.mark.parametrize(
    ("path", "who", "subjects"),
    [
        ("/password/forgot", None, ["Set a new password"]),
        ("/password/forgot", disabled, []),
        ("/verify-email/resend", None, []),
        ("/verify-email/resend", disabled, []),
    ],
)
async def test_only_the_owner_of_an_account_gets_an_email(
    *,
    ana: Person,
    send: Post,
    change_account: ChangeAccount,
    mail: Mailbox,
    path: str,
    who: object,
    subjects: list[str],
) -> None:
    await mail.to(ANA)
    if callable(who):
        await change_account(ANA, who)
    await send(path, email=" ANA@Example.com")
    assert await mail.subjects(ANA) == subjects


@pytest.mark.parametrize("path", ["/password/forgot", "/verify-email/resend"])
async def test_a_request_for_an_unknown_address_is_discarded_without_an_error(
    send: Post, drain: Drain, rows: Rows, path: str
) -> None:
    await send(path, email="nobody@example.com")
    await drain()
    assert await drain.left() == "all deliveries are done"
    by_mail = event_delivery.c.handler.like("user.email%")
    [delivery] = await rows(select(event_delivery.c.last_error).where(by_mail))
    assert delivery["last_error"].startswith("discarded: there is no such ")


async def test_no_token_is_stored_or_logged_in_plain_text(
    ana: Person, apply: Post, send: Post, mail: Mailbox, rows: Rows
) -> None:
    await send("/password/forgot", email=ANA)
    await apply(BRUNO)
    tokens = [await mail.token(ANA, RESET), await mail.token(BRUNO, VERIFY)]
    tables = (one_time_token, registration_token, event_log, event_delivery, event_attempt)
    for token in tokens:
        assert len(token) == len("ot_") + 43
        for table in tables:
            for row in await rows(select(table)):
                assert token not in str(dict(row)), table.name
    events = await rows(select(event_log.c.payload))
    assert "example.com" not in str([dict(row) for row in events])


async def follow(send: Post, token: str) -> httpx2.Response:
    return await send("/verify-email", token=token, password=PASSWORD)


# --- Verifying ----------------------------------------------------------------------------------


async def test_a_link_works_once_and_makes_earlier_links_invalid(
    newcomer: str, send: Post, sign_in: Post, mail: Mailbox
) -> None:
    await send("/verify-email/resend", email=newcomer)
    first = await mail.token(newcomer, VERIFY)
    await send("/verify-email/resend", email=newcomer)
    second = await mail.token(newcomer, VERIFY)
    assert first != second
    assert (await follow(send, second)).status_code == 204
    assert (await sign_in(newcomer)).status_code == 200
    spent, older = [await follow(send, token) for token in (second, first)]
    assert problem(spent) == INVALID
    assert said(spent) == said(older)


# --- A new password -----------------------------------------------------------------------------


async def test_a_reset_sets_the_password_ends_all_sessions_and_starts_none(
    *, ana: Person, send: Post, sign_in: Post, refresh: Post, mail: Mailbox, rows: Rows
) -> None:
    elsewhere = await Person.sign_in(ana.client, ANA)
    await send("/password/forgot", email=ANA)
    token = await mail.token(ANA, RESET)
    answer = await send("/password/reset", token=token, new_password=NEW)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not answer.headers.get("set-cookie")
    assert (await sign_in(ANA)).status_code == 400
    for person in (ana, elsewhere):
        assert (await refresh(person.refresh_token)).status_code == 401
    assert all(row["revoked_at"] for row in await rows(select(user_session)))
    assert (await sign_in(ANA, NEW)).status_code == 200
    assert await mail.subjects(ANA) == ["Your password was changed"]
    assert problem(await send("/password/reset", token=token, new_password=NEW)) == INVALID


@pytest.mark.usefixtures("nothing_remembered")
async def test_after_a_reset_every_access_token_is_refused(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    await send("/password/forgot", email=ANA)
    token = await mail.token(ANA, RESET)
    await send("/password/reset", token=token, new_password=NEW)
    assert problem(await ana.get("/users/me")) == (401, "unauthenticated")


async def test_a_registration_without_an_account_has_no_password_to_reset(
    newcomer: str, send: Post, mail: Mailbox
) -> None:
    await send("/password/forgot", email=newcomer)
    assert await mail.subjects(newcomer) == []


async def test_a_refused_password_does_not_use_up_the_link(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    await send("/password/forgot", email=ANA)
    token = await mail.token(ANA, RESET)
    for weak in ("password1234", "ana@example.com"):
        answer = await send("/password/reset", token=token, new_password=weak)
        assert complaints(answer) == [("/new_password", "weak_password")]
    assert (await send("/password/reset", token=token, new_password=NEW)).status_code == 204


async def test_a_reset_to_the_current_password_is_refused_and_does_not_use_up_the_link(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    await send("/password/forgot", email=ANA)
    token = await mail.token(ANA, RESET)
    answer = await send("/password/reset", token=token, new_password=PASSWORD)
    assert complaints(answer) == [("/new_password", "same_password")]
    assert (await send("/password/reset", token=token, new_password=NEW)).status_code == 204


async def test_one_of_eight_concurrent_uses_of_a_link_succeeds(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    await send("/password/forgot", email=ANA)
    token = await mail.token(ANA, RESET)
    answers = await asyncio.gather(
        *(send("/password/reset", token=token, new_password=f"{NEW} {n}") for n in range(8))
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [204] + [400] * 7


# --- What makes a link worthless ----------------------------------------------------------------


async def test_every_invalid_link_gets_the_same_answer(
    ana: Person, send: Post, mail: Mailbox, change_account: ChangeAccount, sign_in: Post
) -> None:
    async def a_link() -> str:
        await send("/password/forgot", email=ANA)
        return await mail.token(ANA, RESET)

    async def used(token: str) -> httpx2.Response:
        return await send("/password/reset", token=token, new_password=NEW)

    answers = {"unknown": await used("ot_" + "A" * 43), "refresh": await used(ana.refresh_token)}
    answers["access"] = await used(ana.access_token[:200])

    after_sign_in = await a_link()
    await sign_in(ANA)
    answers["signed in since"] = await used(after_sign_in)

    after_change = await a_link()
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert (await ana.put("/users/me/password", change)).status_code == 204
    answers["password changed since"] = await used(after_change)

    of_another_password = await a_link()

    def other_password(user: User) -> None:
        user.password_version += 1

    await change_account(ANA, other_password)
    answers["of another password"] = await used(of_another_password)

    of_another_address = await a_link()

    def other_address(user: User) -> None:
        user.email = type(user.email)("elsewhere@example.com")

    def first_address(user: User) -> None:
        user.email = type(user.email)(ANA)

    await change_account(ANA, other_address)
    answers["of another address"] = await used(of_another_address)
    await change_account("elsewhere@example.com", first_address)

    of_a_closed_account = await a_link()
    await change_account(ANA, disabled)
    answers["closed"] = await used(of_a_closed_account)

    assert problem(answers["unknown"]) == INVALID
    for why, answer in answers.items():
        assert said(answer) == said(answers["unknown"]), why


@pytest.mark.parametrize(
    ("kind", "lifetime"), [(RESET, dt.timedelta(hours=1)), (VERIFY, dt.timedelta(hours=24))]
)
async def test_a_link_expires(
    *,
    ana: Person,
    apply: Post,
    send: Post,
    mail: Mailbox,
    container: ApplicationContainer,
    kind: str,
    lifetime: dt.timedelta,
) -> None:
    use = {RESET: "/password/reset", VERIFY: "/verify-email"}[kind]
    more = {"new_password": NEW} if kind == RESET else {"password": PASSWORD}
    whose = ANA if kind == RESET else BRUNO
    await (send("/password/forgot", email=ANA) if kind == RESET else apply(BRUNO))
    token = await mail.token(whose, kind)
    await age_tokens(container, lifetime)
    assert problem(await send(use, token=token, **more)) == INVALID
    await age_tokens(container, -dt.timedelta(minutes=1))
    assert (await send(use, token=token, **more)).status_code == 204


async def test_no_kind_of_token_is_accepted_as_another(
    *,
    ana: Person,
    apply: Post,
    send: Post,
    mail: Mailbox,
    client: httpx2.AsyncClient,
    rows: Rows,
) -> None:
    """Every kind at every route that takes a token: nothing is accepted, nothing breaks."""
    await apply("carla@example.com")
    verify = await mail.token("carla@example.com", VERIFY)
    await send("/password/forgot", email=ANA)
    reset = await mail.token(ANA, RESET)
    await send("/register", email=BRUNO, password=PASSWORD, full_name="Bruno Example")
    bruno = await Person.sign_in(client, BRUNO)
    wish = {"email": "new@example.com", "current_password": PASSWORD}
    assert (await bruno.put("/users/me/email", wish)).status_code == 202
    confirm = await mail.token("new@example.com", CONFIRM)
    tokens = {
        "verify": verify,
        "reset": reset,
        "confirm": confirm,
        "refresh": bruno.refresh_token,
        "access": bruno.access_token,
    }
    for kind, token in tokens.items():
        sent = {"token": token[:200]}
        proven = {**sent, "password": PASSWORD}
        answers = {
            "verify": await send("/verify-email", **proven) if kind != "verify" else None,
            "reset": await send("/password/reset", **sent, new_password=NEW)
            if kind != "reset"
            else None,
            "confirm": await send("/email/confirm", **proven) if kind != "confirm" else None,
            "refresh": await send("/refresh", refresh_token=token[:200])
            if kind != "refresh"
            else None,
            "access": await client.get(
                "/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}
            )
            if kind != "access"
            else None,
        }
        for where, answer in answers.items():
            expected = 401 if where in {"refresh", "access"} else 400
            assert answer is None or answer.status_code == expected, (kind, where)
    emails = {row["email"] for row in await rows(select(user_table.c.email))}
    assert emails == {ANA, BRUNO}
    assert (await follow(send, verify)).status_code == 204
    assert (await send("/password/reset", token=reset, new_password=NEW)).status_code == 204
    answer = await send("/email/confirm", token=confirm, password=PASSWORD)
    assert answer.status_code == 204


async def test_an_email_to_an_unverified_address_contains_no_name(
    apply: Post, send: Post, mail: Mailbox
) -> None:
    """Otherwise a stranger who registers an address could write to its owner in our name."""
    await apply(ANA, name="Ana Example")
    await send("/verify-email/resend", email=ANA)
    emails = await mail.to(ANA)
    assert len(emails) == 2
    for email in emails:
        assert "Hello,\n" in part(email, "plain")
        assert "<p>Hello,</p>" in part(email, "html")
        assert "Example" not in email.as_string()


async def test_an_email_to_a_new_address_contains_no_name(ana: Person, mail: Mailbox) -> None:
    body = {"email": "ana@elsewhere.example", "current_password": PASSWORD}
    assert (await ana.put("/users/me/email", body)).status_code == 202
    [email] = await mail.to("ana@elsewhere.example")
    assert part(email, "plain").startswith("Hello,\n")
    assert "Ana" not in part(email, "plain") + part(email, "html")
    [told] = await mail.to(ANA)
    assert part(told, "plain").startswith("Hello Ana Example,\n")
