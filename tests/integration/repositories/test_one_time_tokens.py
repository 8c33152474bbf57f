"""The repository of one-time tokens."""

import datetime as dt
from dataclasses import replace

import pytest

from app.modules.user.application.housekeeping import ForgetOldTokens
from app.modules.user.domain.entities import User
from app.modules.user.domain.one_time_tokens import Grant, OneTimeToken, TokenKind
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.shared.domain.events import ScheduleTick
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Database
from tests.support.batches import call_to_the_end
from tests.support.samples import a_full
from tests.support.units import unit

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MOMENT = dt.timedelta(microseconds=1)
RESET, CHANGE_ADDRESS = TokenKind


class Clock:
    def now(self) -> dt.datetime:
        return NOW


@pytest.fixture
async def ana(database: Database) -> User:
    ana = a_full(User, email=EmailAddress("ana@example.com"))
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.save(ana)
        await uow.commit()
    return ana


async def granted(
    database: Database, user: User, kind: TokenKind = RESET, until: dt.datetime = NOW
) -> tuple[OneTimeToken, Grant]:
    token = OneTimeToken.make()
    grant = Grant.to(user, kind, token, until=until)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.tokens.add(grant)
        await uow.commit()
    return token, grant


async def taken(database: Database, token: OneTimeToken, kind: TokenKind = RESET) -> Grant | None:
    async with unit(SqlUserUnitOfWork, database) as uow:
        grant = await uow.tokens.consume(token, kind)
        await uow.commit()
    return grant


async def test_a_token_is_consumed_once_and_returns_its_grant(
    database: Database, ana: User
) -> None:
    token, grant = await granted(database, ana)
    assert await taken(database, OneTimeToken.make()) is None
    assert await taken(database, token) == grant
    assert await taken(database, token) is None


async def test_a_token_of_another_kind_is_not_consumed(database: Database, ana: User) -> None:
    token, grant = await granted(database, ana, CHANGE_ADDRESS)
    assert await taken(database, token, RESET) is None
    assert await taken(database, token, CHANGE_ADDRESS) == grant


async def test_one_kind_of_tokens_is_deleted_or_all(database: Database, ana: User) -> None:
    kept, _ = await granted(database, ana, CHANGE_ADDRESS)
    lost, _ = await granted(database, ana, RESET)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.tokens.forget(ana.id, RESET)
        await uow.commit()
    assert await taken(database, lost, RESET) is None
    assert await taken(database, kept, CHANGE_ADDRESS)
    last, _ = await granted(database, ana, CHANGE_ADDRESS)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.tokens.forget_all(ana.id)
        await uow.commit()
    assert await taken(database, last, CHANGE_ADDRESS) is None


async def test_expired_tokens_are_deleted_in_batches(database: Database, ana: User) -> None:
    old, _ = await granted(database, ana, until=NOW - MOMENT)
    good, _ = await granted(database, ana, until=NOW)
    tick = ScheduleTick("user.forget_tokens", NOW)
    await call_to_the_end(ForgetOldTokens(Clock()), tick, lambda: unit(SqlUserUnitOfWork, database))
    assert await taken(database, old) is None
    assert await taken(database, good)


async def test_tokens_are_deleted_with_their_account(database: Database, ana: User) -> None:
    token, _ = await granted(database, ana)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.delete(ana)
        await uow.commit()
    assert await taken(database, token) is None


def test_a_grant_is_valid_until_its_time_and_for_the_unchanged_account() -> None:
    ana = a_full(User, is_active=True)
    for kind in TokenKind:
        grant = Grant.to(ana, kind, OneTimeToken.make(), until=NOW)
        assert grant.is_good_for(ana, now=NOW - MOMENT)
        assert not grant.is_good_for(ana, now=NOW)
        assert not replace(grant, password_version=0).is_good_for(ana, now=NOW - MOMENT)
        assert not replace(grant, email="other@example.com").is_good_for(ana, now=NOW - MOMENT)
    ana.is_active = False
    assert not grant.is_good_for(ana, now=NOW - MOMENT)
