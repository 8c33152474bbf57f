"""Sessions, tokens and stored answers are deleted in batches, in any number."""

import datetime as dt
from typing import Any, Final

import pytest
from sqlalchemy import insert, select

from app.core.endings import Continue
from app.modules.user.application import housekeeping
from app.modules.user.application.housekeeping import (
    ForgetOldKeys,
    ForgetOldSessions,
    ForgetSpentRefreshTokens,
    WhenUserDeletedForgetTheirAnswers,
    WhenUserDeletedForgetTheirSessions,
)
from app.modules.user.domain.entities import User
from app.modules.user.domain.events import UserDeleted
from app.modules.user.domain.sessions import SessionLimits
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.modules.user.infrastructure.tables import api_key, refresh_token, user_session
from app.shared.domain.base_entity import new_id
from app.shared.domain.events import ScheduleTick
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.models import idempotency_key
from app.shared.infrastructure.database.statement import Statement
from tests.support.batches import call_to_the_end
from tests.support.moments import NOW
from tests.support.samples import a_full
from tests.support.units import unit

DAY: Final = dt.timedelta(days=1)
TICK: Final = ScheduleTick("user.forget", NOW)


class Clock:
    def now(self) -> dt.datetime:
        return NOW


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MOST_AT_ONCE", 2)


@pytest.fixture
async def ana(database: Database) -> User:
    user = a_full(User, email=EmailAddress("ana@example.com"))
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.save(user)
        await uow.commit()
    return user


async def add(database: Database, table: Any, *rows: dict[str, Any]) -> None:
    async with database.transaction() as connection:
        for row in rows:
            await connection.execute(Statement(insert(table), columns=list(row)), row)
        await connection.commit()


async def left(database: Database, table: Any) -> int:
    return len(await database.fetch_all(Statement(select(table)), {}))


async def a_session(database: Database, user: User, *, ends: dt.datetime, tokens: int) -> None:
    session = {"id": new_id(), "user_id": user.id, "started_at": NOW, "expires_at": ends}
    await add(database, user_session, session)
    await add(
        database,
        refresh_token,
        *(
            {
                "fingerprint": f"{session['id']}-{number}",
                "session_id": session["id"],
                "spent_at": NOW - number * DAY if number else None,
            }
            for number in range(tokens)
        ),
    )


async def parts(database: Database, handler: Any, event: object = TICK) -> int:
    return await call_to_the_end(handler, event, lambda: unit(SqlUserUnitOfWork, database))


async def test_an_ended_session_is_deleted_after_its_tokens(database: Database, ana: User) -> None:
    await a_session(database, ana, ends=NOW - 31 * DAY, tokens=5)
    await a_session(database, ana, ends=NOW - 29 * DAY, tokens=2)
    # Two tokens, two, one; then the session.
    assert await parts(database, ForgetOldSessions(Clock())) == 4
    assert (await left(database, user_session), await left(database, refresh_token)) == (1, 2)


async def test_a_session_with_tokens_is_not_deleted_in_one_statement(
    database: Database, ana: User
) -> None:
    await a_session(database, ana, ends=NOW - 31 * DAY, tokens=5)
    forget: Any = ForgetOldSessions(Clock())
    async with unit(SqlUserUnitOfWork, database) as uow:
        with pytest.raises(Continue):
            await forget(TICK, uow)
        await uow.commit()
    assert (await left(database, user_session), await left(database, refresh_token)) == (1, 3)


async def test_an_active_session_keeps_its_valid_and_recent_tokens(
    database: Database, ana: User
) -> None:
    await a_session(database, ana, ends=NOW + DAY, tokens=10)
    limits = SessionLimits(idle=3 * DAY, in_all=90 * DAY)
    assert await parts(database, ForgetSpentRefreshTokens(Clock(), limits)) == 3
    rows = await database.fetch_all(Statement(select(refresh_token.c.spent_at)), {})
    kept = {row["spent_at"] for row in rows}
    assert kept == {None, NOW - DAY, NOW - 2 * DAY, NOW - 3 * DAY}


async def test_the_sessions_of_a_deleted_account_are_deleted(database: Database, ana: User) -> None:
    other = a_full(User, email=EmailAddress("bruno@example.com"))
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.save(other)
        await uow.commit()
    for user in (ana, ana, other):
        await a_session(database, user, ends=NOW + DAY, tokens=3)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.delete(ana)
        await uow.commit()
    # The request that deletes an account does not wait for them.
    assert await left(database, user_session) == 3

    assert await parts(database, WhenUserDeletedForgetTheirSessions(), UserDeleted(ana.id)) == 4
    assert (await left(database, user_session), await left(database, refresh_token)) == (1, 3)


async def test_the_stored_answers_of_a_deleted_account_are_deleted(
    database: Database, ana: User
) -> None:
    answer = {
        "operation": "POST /api/v1/notes",
        "fingerprint": "f",
        "status": 201,
        "headers": [],
        "body": b"{}",
        "created_at": NOW,
    }
    mine = [answer | {"user_id": ana.id, "key": str(number)} for number in range(5)]
    await add(database, idempotency_key, *mine, answer | {"user_id": new_id(), "key": "0"})
    assert await parts(database, WhenUserDeletedForgetTheirAnswers(), UserDeleted(ana.id)) == 3
    assert await left(database, idempotency_key) == 1


async def test_expired_keys_are_deleted_in_batches(database: Database, ana: User) -> None:
    for number in range(5):
        key = {
            "id": new_id(),
            "user_id": ana.id,
            "name": "ci",
            "prefix": "alk",
            "fingerprint": str(number),
            "scopes": [],
            "created_at": NOW,
            "expires_at": NOW - 31 * DAY,
        }
        await add(database, api_key, key)
    assert await parts(database, ForgetOldKeys(Clock())) == 3
    assert await left(database, api_key) == 0
