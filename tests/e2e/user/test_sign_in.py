import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.identity.passwords import PasswordHasher
from app.modules.user.application.dto import StoredCredentials
from app.modules.user.domain.entities import InvalidCredentials, User
from app.modules.user.domain.sessions import RefreshToken, Session, SessionLimits
from app.modules.user.infrastructure.tables import refresh_token, user_session
from app.modules.user.infrastructure.tables import user as user_table
from app.shared.domain.value_objects import EmailAddress
from tests.e2e.user.answers import problem, refusal, said
from tests.e2e.user.conftest import ChangeAccount, Post, Rows
from tests.support.people import PASSWORD, Person
from tests.support.statements import recorded

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def disable(user: User) -> None:
    user.deactivate(now=NOW)


async def start(
    container: ApplicationContainer, checked: StoredCredentials, renewed: str | None = None
) -> None:
    """Continue after the password was found correct."""
    session = a_session(checked.user_id)
    await container.user.sign_in()._start(session, RefreshToken.make(), checked, renewed)


def a_session(user_id: UUID) -> Session:
    day = dt.timedelta(days=1)
    return Session.start(user_id, limits=SessionLimits(day, day), now=NOW)


def take_verification_back(user: User) -> None:
    user.verified_at = None


@pytest.fixture
def no_hash_is_made(monkeypatch: pytest.MonkeyPatch, ana: Person) -> None:
    """No password is hashed: every attempt gets an Overloaded."""
    monkeypatch.setattr(PasswordHasher, "WAITING", -1_000_000)


async def test_a_correct_password_gives_a_pair_of_tokens(register: Post, sign_in: Post) -> None:
    await register("ana@example.com")
    answer = await sign_in("ana@example.com")
    pair = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 600)


@pytest.mark.parametrize("email", ["ANA@Example.COM", " ana@example.com ", "\uff41na@example.com"])
async def test_an_address_may_be_spelled_differently_than_at_registration(
    ana: Person, sign_in: Post, email: str
) -> None:
    assert (await sign_in(email)).status_code == 200


async def test_unknown_wrong_disabled_and_unverified_get_identical_answers(
    register: Post, sign_in: Post, change_account: ChangeAccount
) -> None:
    for name in ("ana", "bruno", "carla"):
        await register(f"{name}@example.com")
    await change_account("bruno@example.com", disable)
    await change_account("carla@example.com", take_verification_back)
    wrong, *others = [
        said(answer)
        for answer in (
            await sign_in("ana@example.com", "wrong horse battery"),
            await sign_in("nobody@example.com"),
            await sign_in("nobody@example.com", "the password of nobody at all"),
            await sign_in("no address"),
            await sign_in("ana@example.com", "x"),
            await sign_in("ana@example.com", PASSWORD.upper()),
            await sign_in("ana@example.com", PASSWORD + " "),
            await sign_in("bruno@example.com"),
            await sign_in("carla@example.com"),
        )
    ]
    assert wrong.status == 400
    assert b'"invalid_grant"' in wrong.body
    assert b'"invalid_credentials"' in wrong.body
    assert all(other == wrong for other in others)


async def test_a_refused_sign_in_starts_no_session(
    register: Post, sign_in: Post, rows: Rows, change_account: ChangeAccount
) -> None:
    await register("ana@example.com")
    await change_account("ana@example.com", disable)
    await sign_in("ana@example.com")
    assert await rows(select(user_session)) == []


async def test_a_reopened_account_accepts_its_password(
    register: Post, sign_in: Post, change_account: ChangeAccount
) -> None:
    await register("ana@example.com")
    await change_account("ana@example.com", take_verification_back)
    assert (await sign_in("ana@example.com")).status_code == 400
    await change_account("ana@example.com", lambda user: user.verify(now=NOW))
    assert (await sign_in("ana@example.com")).status_code == 200


async def test_each_sign_in_starts_its_own_session(ana: Person, sign_in: Post, rows: Rows) -> None:
    pairs = [(await sign_in("ana@example.com")).json() for _ in range(3)]
    tokens = {pair[kind] for pair in pairs for kind in ("access_token", "refresh_token")}
    assert len(tokens) == 6
    assert len(await rows(select(user_session))) == 4


async def test_only_the_fingerprint_of_a_refresh_token_is_stored(ana: Person, rows: Rows) -> None:
    [row] = await rows(select(refresh_token))
    assert ana.refresh_token not in str(dict(row))
    assert len(row["fingerprint"]) == 64


@pytest.mark.parametrize("length", [129, 10_000])
@pytest.mark.usefixtures("no_hash_is_made")
async def test_a_too_long_password_is_refused_before_it_is_hashed(
    sign_in: Post, length: int
) -> None:
    for email in ("ana@example.com", "nobody@example.com"):
        answer = await sign_in(email, "x" * length)
        assert refusal(answer) == ("invalid_request", "invalid")
        [error] = answer.json()["errors"]
        assert (error["parameter"], error["code"]) == ("password", "too_long")


@pytest.mark.usefixtures("no_hash_is_made")
@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com", "no address"])
async def test_a_sign_in_over_the_limit_of_hashes_is_a_503_with_retry_after(
    sign_in: Post, email: str
) -> None:
    answer = await sign_in(email, "x" * 128)
    assert problem(answer) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.usefixtures("no_hash_is_made")
async def test_a_sign_in_that_gets_no_hash_causes_no_database_query(
    container: ApplicationContainer, sign_in: Post
) -> None:
    async with recorded(container.database()) as statements:
        assert problem(await sign_in("ana@example.com")) == (503, "overloaded")
        assert await statements.in_all() == []


async def test_a_form_of_more_than_16_kib_is_not_even_read(sign_in: Post) -> None:
    answer = await sign_in("ana@example.com", "x" * 16 * 1024)
    assert problem(answer) == (413, "payload_too_large")


async def test_a_password_is_not_taken_as_json(client: httpx2.AsyncClient) -> None:
    body = {"username": "ana@example.com", "password": PASSWORD}
    answer = await client.post("/api/v1/auth/token", json=body)
    assert problem(answer) == (415, "unsupported_media_type")


async def test_a_hash_of_weaker_parameters_is_renewed_at_sign_in(
    ana: Person, change_account: ChangeAccount, rows: Rows
) -> None:
    weak = await PasswordHasher(memory_kib=8, passes=1).hash(PASSWORD)

    def weaken(user: User) -> None:
        user.password_hash = weak

    await change_account("ana@example.com", weaken)
    await Person.sign_in(ana.client, "ana@example.com")

    [stored] = await rows(select(user_table.c.password_hash))
    assert "m=16,t=2" in stored["password_hash"]
    await Person.sign_in(ana.client, "ana@example.com")


async def test_concurrent_renewals_of_one_hash_do_not_fail(
    ana: Person, container: ApplicationContainer, rows: Rows
) -> None:
    checked = await container.user.reader().credentials(EmailAddress("ana@example.com"))
    assert checked is not None
    await asyncio.gather(*(start(container, checked, f"hash {n}") for n in range(8)))

    [stored] = await rows(select(user_table.c.password_hash))
    assert stored["password_hash"].startswith("hash ")
    assert len(await rows(select(user_session.c.id))) == 1 + 8


async def test_the_settings_decide_the_cost_of_a_hash(settings: Settings) -> None:
    costly = {"password_memory_kib": 20_480, "password_passes": 3}
    hasher = ApplicationContainer.build(settings.model_copy(update=costly)).hasher()
    assert "m=20480,t=3,p=1" in await hasher.hash(PASSWORD)
    # an unknown address takes as long as a known one
    assert "m=20480,t=3,p=1" in hasher._dummy_hash
    await hasher.close()


def with_another_password(user: User) -> None:
    user.change_password("another hash", now=NOW)


@pytest.mark.parametrize("change", [with_another_password, disable])
async def test_no_session_starts_if_the_password_changes_during_the_check(
    *,
    ana: Person,
    container: ApplicationContainer,
    change_account: ChangeAccount,
    rows: Rows,
    change: Any,
) -> None:
    """Otherwise an attacker's sign-in could survive the change that ends all sessions."""
    checked = await container.user.reader().credentials(EmailAddress("ana@example.com"))
    assert checked is not None
    before = await rows(select(user_session.c.id))
    await change_account("ana@example.com", change)
    with pytest.raises(InvalidCredentials):
        await start(container, checked)
    assert await rows(select(user_session.c.id)) == before


async def test_a_password_cannot_change_while_a_session_starts_with_it(
    ana: Person, container: ApplicationContainer, change_account: ChangeAccount
) -> None:
    """Otherwise the change, which ends all sessions, would not see this one."""
    async with container.user.uow() as uow:
        assert await uow.sessions.start(a_session(UUID(ana.id)), None, password_version=1)
        change = asyncio.ensure_future(change_account("ana@example.com", with_another_password))
        assert (await asyncio.wait([change], timeout=0.3)) == (set(), {change})
        await uow.commit()
    await change
