"""Changing one's own password and address."""

import httpx2
import pytest
from sqlalchemy import select

from app.modules.user.infrastructure.tables import user as user_table
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import Post, Rows
from tests.support.emails import part
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD, Person

NEW = "another horse battery"
ANA, BRUNO, THERE = "ana@example.com", "bruno@example.com", "ana@elsewhere.example"


async def change(person: Person, current: str = PASSWORD, new: str = NEW) -> httpx2.Response:
    body = {"current_password": current, "new_password": new}
    return await person.put("/users/me/password", body)


async def move(person: Person, email: str, current: str = PASSWORD) -> httpx2.Response:
    return await person.put("/users/me/email", {"email": email, "current_password": current})


# --- Password -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_password_is_changed_and_the_other_sessions_end(
    ana: Person, bruno: Person, sign_in: Post, refresh: Post, mail: Mailbox
) -> None:
    elsewhere = await Person.sign_in(ana.client, ANA)
    await mail.to(ANA)
    answer = await change(ana)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await ana.get("/users/me")).status_code == 200
    assert problem(await elsewhere.get("/users/me")) == (401, "unauthenticated")
    assert (await refresh(elsewhere.refresh_token)).status_code == 401
    assert (await refresh(ana.refresh_token)).status_code == 200
    assert (await bruno.get("/users/me")).status_code == 200
    assert (await sign_in(ANA)).status_code == 400
    assert (await sign_in(ANA, NEW)).status_code == 200
    assert await mail.subjects(ANA) == ["Your password was changed"]


async def test_a_wrong_current_password_changes_nothing(
    ana: Person, sign_in: Post, mail: Mailbox
) -> None:
    await mail.to(ANA)
    assert problem(await change(ana, current=PASSWORD + " ")) == (403, "reauth_failed")
    assert (await sign_in(ANA)).status_code == 200
    assert await mail.subjects(ANA) == []


NAMED_AFTER_THE_SERVICE = "Alicerce-2027"


@pytest.mark.parametrize(
    "new", ["password1234", "ana@example.com", NAMED_AFTER_THE_SERVICE, "a" * 12]
)
async def test_a_weak_password_is_refused(ana: Person, sign_in: Post, new: str) -> None:
    assert complaints(await change(ana, new=new)) == [("/new_password", "weak_password")]
    assert (await sign_in(ANA)).status_code == 200


async def test_the_current_password_is_refused_as_a_new_one(ana: Person, mail: Mailbox) -> None:
    await mail.to(ANA)
    assert complaints(await change(ana, new=PASSWORD)) == [("/new_password", "same_password")]
    assert await mail.subjects(ANA) == []


# --- Address ------------------------------------------------------------------------------------


async def test_an_address_changes_after_confirmation_and_both_addresses_are_notified(
    ana: Person, send: Post, sign_in: Post, mail: Mailbox
) -> None:
    await mail.to(ANA)
    answer = await move(ana, " ana@Elsewhere.example")
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert await mail.subjects(ANA) == ["Request to change your address"]
    token = await mail.token(THERE, "confirm-email")
    assert (await sign_in(ANA)).status_code == 200
    assert (await sign_in(THERE)).status_code == 400

    assert (await send("/email/confirm", token=token, password=PASSWORD)).status_code == 204
    assert (await ana.get("/users/me")).json()["email"] == THERE
    assert (await sign_in(ANA)).status_code == 400
    assert (await sign_in(THERE)).status_code == 200
    assert await mail.subjects(ANA) == ["Your address was changed"]
    assert problem(await send("/email/confirm", token=token, password=PASSWORD)) == (
        400,
        "invalid_token",
    )


async def test_a_taken_address_gets_the_same_answer_and_its_owner_is_notified(
    ana: Person, bruno: Person, mail: Mailbox
) -> None:
    await mail.to(BRUNO)
    free = await move(ana, THERE)
    await mail.to(THERE)
    taken = await move(ana, BRUNO)
    assert said(free) == said(taken)
    [email] = await mail.to(BRUNO)
    assert email["Subject"] == "Request to use your address for another account"
    assert "token" not in part(email, "plain")
    assert "Ana" not in part(email, "plain")


async def test_an_account_cannot_move_to_an_address_that_was_taken_meanwhile(
    ana: Person, register: Post, send: Post, mail: Mailbox, rows: Rows
) -> None:
    await move(ana, THERE)
    token = await mail.token(THERE, "confirm-email")
    await register(THERE)
    assert problem(await send("/email/confirm", token=token, password=PASSWORD)) == (
        400,
        "invalid_token",
    )
    emails = await rows(select(user_table.c.email).order_by(user_table.c.created_at))
    assert [row["email"] for row in emails] == [ANA, THERE]


async def test_a_second_request_makes_the_first_invalid(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    await move(ana, THERE)
    first = await mail.token(THERE, "confirm-email")
    await move(ana, "third@example.com")
    second = await mail.token("third@example.com", "confirm-email")
    assert problem(await send("/email/confirm", token=first, password=PASSWORD)) == (
        400,
        "invalid_token",
    )
    assert (await send("/email/confirm", token=second, password=PASSWORD)).status_code == 204


async def test_a_change_of_password_cancels_a_change_of_address(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    await move(ana, THERE)
    token = await mail.token(THERE, "confirm-email")
    await change(ana)
    assert problem(await send("/email/confirm", token=token, password=NEW)) == (
        400,
        "invalid_token",
    )


async def test_a_change_of_address_requires_the_password(ana: Person, mail: Mailbox) -> None:
    await mail.to(ANA)
    answer = await move(ana, THERE, current="wrong horse battery")
    assert problem(answer) == (403, "reauth_failed")
    assert await mail.subjects(THERE) == await mail.subjects(ANA) == []


async def test_an_invalid_address_is_refused(ana: Person) -> None:
    assert complaints(await move(ana, "nowhere")) == [("/email", "invalid_format")]


async def test_the_spelling_of_an_own_address_can_be_changed(
    ana: Person, send: Post, mail: Mailbox
) -> None:
    await move(ana, "Ana@example.com")
    token = await mail.token("Ana@example.com", "confirm-email")
    assert (await send("/email/confirm", token=token, password=PASSWORD)).status_code == 204
    assert (await ana.get("/users/me")).json()["email"] == "Ana@example.com"
