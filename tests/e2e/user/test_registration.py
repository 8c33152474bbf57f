import asyncio
import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.modules.user.infrastructure.tables import registration, user
from app.shared.infrastructure.database.models import event_log
from tests.e2e.user.answers import complaints, said
from tests.e2e.user.conftest import Post, Rows
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD

EMAILS = select(user.c.email)


async def test_a_known_address_gets_the_same_answer_as_a_new_one(register: Post) -> None:
    new, known = await register("ana@example.com"), await register("ana@example.com")
    assert said(new) == said(known)
    assert (new.status_code, new.json()) == (202, {"status": "pending_verification"})


async def test_a_known_address_keeps_its_account_and_its_password(
    register: Post, sign_in: Post, rows: Rows
) -> None:
    await register("ana@example.com", PASSWORD)
    await register("ana@example.com", "another horse battery")
    assert [row["email"] for row in await rows(EMAILS)] == ["ana@example.com"]
    assert (await sign_in("ana@example.com", PASSWORD)).status_code == 200
    assert (await sign_in("ana@example.com", "another horse battery")).status_code == 400


async def test_two_spellings_of_an_address_belong_to_one_account(
    register: Post, rows: Rows
) -> None:
    for email in ("ana@münchen.example", "ANA@XN--MNCHEN-3YA.EXAMPLE", "\uff41na@MÜNCHEN.example"):
        assert (await register(email)).status_code == 202
    assert [row["email"] for row in await rows(EMAILS)] == ["ana@xn--mnchen-3ya.example"]


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("νίκος@example.com", "νίκοσ@example.com"),
        ("Straße@example.com", "strasse@example.com"),
        ("संपर्क@example.com", "संपर्क@example.com"),
    ],
)
async def test_email_goes_to_an_address_as_it_was_typed_and_any_spelling_signs_in(
    register: Post,
    sign_in: Post,
    mail: Mailbox,
    client: httpx2.AsyncClient,
    *,
    typed: str,
    folded: str,
) -> None:
    await register(typed)
    await register(folded)  # its owner is notified, at the address as it was typed
    assert await mail.subjects(typed) == ["You have an account already"]
    signed_in = await sign_in(folded)
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    assert (await client.get("/api/v1/users/me", headers=headers)).json()["email"] == typed


async def test_one_of_eight_concurrent_registrations_gets_the_address_and_all_the_same_answer(
    register: Post, rows: Rows
) -> None:
    answers = await asyncio.gather(*(register("ana@example.com") for _ in range(8)))
    first, *others = [said(answer) for answer in answers]
    assert first.status == 202
    assert all(other == first for other in others)
    assert len(await rows(EMAILS)) == 1


async def test_a_registration_is_published_once_and_without_personal_data(
    register: Post, rows: Rows
) -> None:
    await register("ana@example.com")
    await register("ana@example.com")
    events = await rows(select(event_log).order_by(event_log.c.seq))
    assert [event["event_type"] for event in events] == [
        "user.registered",
        "user.verified",
        "user.registration_received",
    ]
    fields = [set(event["payload"]) for event in events]
    assert fields == [{"user_id"}, {"user_id"}, {"registration_id"}]


async def test_a_password_is_stored_as_its_hash_alone(register: Post, rows: Rows) -> None:
    await register("ana@example.com")
    [row] = await rows(select(user))
    assert row["password_hash"].startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert PASSWORD not in str(dict(row))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("elevenchars", "too_short"),
        ("x" * 129, "too_long"),
        ("x" * 10_000, "too_long"),
        ("a" * 12, "weak_password"),
        ("abababababab", "weak_password"),
        ("ana.example@example.com", "weak_password"),
        ("ANA.EXAMPLE@EXAMPLE.COM", "weak_password"),
    ],
    ids=lambda text: f"{text[:24]} ({len(text)})",
)
async def test_a_weak_password_is_refused(
    register: Post, rows: Rows, password: str, code: str
) -> None:
    answer = await register("ana.example@example.com", password)
    assert complaints(answer) == [("/password", code)]
    assert await rows(EMAILS) == []


@pytest.mark.parametrize(
    "password", ["x" * 122 + "abcdef", "日本語のパスワードです。", " a\tb\x00c\ud7ff d e f"]
)
async def test_a_password_of_any_characters_opens_its_account(
    register: Post, sign_in: Post, password: str
) -> None:
    assert (await register("ana@example.com", password)).status_code == 202
    assert (await sign_in("ana@example.com", password)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"email": "ana"}, ("/email", "invalid_format")),
        ({"email": "Ana <ana@example.com>"}, ("/email", "invalid_format")),
        ({"email": "ana@example.com\n"}, ("/email", "invalid_text")),
        ({"email": "a" * 250 + "@b.com"}, ("/email", "too_long")),
        ({"email": 5}, ("/email", "wrong_type")),
        ({"email": None}, ("/email", "wrong_type")),
        ({"password": 123456789012}, ("/password", "wrong_type")),
        ({"full_name": ""}, ("/full_name", "too_short")),
        ({"full_name": "   "}, ("/full_name", "invalid")),
        ({"full_name": "x" * 101}, ("/full_name", "too_long")),
        ({"full_name": "Ana\nExample"}, ("/full_name", "invalid_text")),
        ({"full_name": "Ana\u202eExample"}, ("/full_name", "invalid_text")),
        ({"roles": ["admin"]}, ("/roles", "unknown_field")),
        ({"is_active": True}, ("/is_active", "unknown_field")),
        ({"verified_at": "2026-01-01T00:00:00Z"}, ("/verified_at", "unknown_field")),
        ({"id": "018f3c1e-0000-7000-8000-000000000000"}, ("/id", "unknown_field")),
    ],
)
async def test_an_invalid_registration_is_refused_with_its_errors(
    client: httpx2.AsyncClient, rows: Rows, fields: dict[str, Any], complaint: tuple[str, str]
) -> None:
    account = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana"} | fields
    answer = await client.post("/api/v1/auth/register", json=account)
    assert complaints(answer) == [complaint]
    assert await rows(EMAILS) == []


async def test_a_password_that_can_not_be_encoded_is_refused(client: httpx2.AsyncClient) -> None:
    account = json.dumps({"email": "a@b.co", "password": "\ud800" * 12, "full_name": "Ana"})
    headers = {"content-type": "application/json"}
    answer = await client.post("/api/v1/auth/register", content=account, headers=headers)
    assert complaints(answer) == [("/password", "invalid_text")]


async def test_an_empty_registration_is_refused_with_all_missing_fields(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/api/v1/auth/register", json={})
    assert complaints(answer) == [
        ("/email", "required"),
        ("/password", "required"),
        ("/full_name", "required"),
    ]


async def test_an_account_is_opened_at_once_only_in_development(
    register: Post, apply: Post, rows: Rows
) -> None:
    await register("ana@example.com")
    await apply("bruno@example.com")
    [account] = await rows(select(user))
    assert (account["email"], account["verified_at"] is None) == ("ana@example.com", False)
    [waiting] = await rows(select(registration))
    assert waiting["email"] == "bruno@example.com"
    assert PASSWORD not in str(dict(waiting))
