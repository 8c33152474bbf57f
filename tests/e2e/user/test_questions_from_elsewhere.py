"""The use cases that other modules and the command line call."""

import datetime as dt
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import delete

from app.container import ApplicationContainer
from app.modules.user.domain.entities import EmailTaken, User, UserNotFound
from app.modules.user.infrastructure.tables import user
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import problem
from tests.e2e.user.conftest import ChangeAccount, Post
from tests.support.people import Person

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def take_verification_back(user: User) -> None:
    user.verified_at = None


async def test_an_active_user_is_one_who_can_sign_in(
    ana: Person, container: ApplicationContainer, change_account: ChangeAccount
) -> None:
    has_active_user = container.user.has_active_user().execute
    assert await has_active_user(UUID(ana.id))
    assert not await has_active_user(uuid4())
    await change_account("ana@example.com", take_verification_back)
    assert not await has_active_user(UUID(ana.id))
    await change_account("ana@example.com", lambda user: user.verify(now=NOW))
    await change_account("ana@example.com", lambda user: user.deactivate(now=NOW))
    assert not await has_active_user(UUID(ana.id))


async def test_the_command_line_can_verify_an_account(
    register: Post,
    sign_in: Post,
    container: ApplicationContainer,
    change_account: ChangeAccount,
) -> None:
    await register("ana@example.com")
    await change_account("ana@example.com", take_verification_back)
    for _ in range(2):  # the second time changes nothing
        await container.user.verify().execute("ANA@example.com")
    assert (await sign_in("ana@example.com")).status_code == 200


async def test_an_unknown_account_cannot_be_verified(
    client: httpx2.AsyncClient, container: ApplicationContainer
) -> None:
    with pytest.raises(UserNotFound):
        await container.user.verify().execute("nobody@example.com")


async def test_creating_an_administrator_does_not_take_over_an_account(
    ana: Person, container: ApplicationContainer
) -> None:
    with pytest.raises(EmailTaken):
        await container.user.create_admin().execute("Ana@example.com")
    assert (await ana.get("/users/me")).json()["roles"] == ["user"]


async def test_a_deleted_account_is_not_found_and_its_tokens_are_invalid(
    ana: Person,
    refresh: Post,
    container: ApplicationContainer,
) -> None:
    assert (await ana.get("/users/me")).status_code == 200
    async with container.database().transaction() as connection:
        await connection.execute(Statement(delete(user)), {})
        await connection.commit()
    # The session is still cached for a second.
    assert problem(await ana.get("/users/me")) == (404, "user_not_found")
    changed = await ana.patch("/users/me", {"full_name": "Ana"}, version="*")
    assert problem(changed) == (404, "user_not_found")
    container.user.authenticate()._known.clear()
    assert problem(await ana.get("/users/me")) == (401, "unauthenticated")
    assert problem(await refresh(ana.refresh_token)) == (401, "invalid_refresh_token")
