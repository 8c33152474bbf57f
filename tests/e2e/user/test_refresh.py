import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from app.container import ApplicationContainer
from app.modules.user.application.housekeeping import ForgetOldSessions
from app.modules.user.infrastructure.tables import refresh_token, user_session
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import ChangeAccount, Post, Rows
from tests.support.batches import call_to_the_end
from tests.support.people import Person

DAY = dt.timedelta(days=1)
REFUSED = (401, "invalid_refresh_token")


async def the_session(rows: Rows) -> dict[str, Any]:
    [row] = await rows(select(user_session))
    return dict(row)


async def move_session(container: ApplicationContainer, **moments: dt.datetime) -> None:
    """Change the start or the end of the only session."""
    move = Statement(update(user_session), columns=list(moments))
    async with container.database().transaction() as connection:
        assert await connection.execute(move, moments) == 1
        await connection.commit()


async def test_a_refresh_token_is_exchanged_for_a_new_pair(ana: Person, refresh: Post) -> None:
    answer = await refresh(ana.refresh_token)
    pair = answer.json()
    assert answer.status_code == 200
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 600)
    assert pair["refresh_token"] != ana.refresh_token
    renewed = Person(ana.client, pair["access_token"], pair["refresh_token"])
    assert (await renewed.get("/users/me")).json()["id"] == ana.id


async def test_every_token_of_a_chain_works_once(ana: Person, refresh: Post, rows: Rows) -> None:
    token = ana.refresh_token
    for _ in range(3):
        token = (await refresh(token)).json()["refresh_token"]
    tokens = await rows(select(refresh_token).order_by(refresh_token.c.spent_at))
    assert [row["spent_at"] is not None for row in tokens].count(True) == 3
    assert len(tokens) == 4


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_refresh_token_that_is_used_twice_ends_its_session(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    successor = (await refresh(ana.refresh_token)).json()
    assert problem(await refresh(ana.refresh_token)) == REFUSED
    # The answer was an error, and the revocation was committed.
    assert (await the_session(rows))["revoked_at"] is not None
    assert problem(await refresh(successor["refresh_token"])) == REFUSED
    assert (await ana.get("/users/me")).status_code == 401
    thief = Person(ana.client, successor["access_token"], successor["refresh_token"])
    assert (await thief.get("/users/me")).status_code == 401


async def test_ending_a_session_leaves_the_others(
    ana: Person, sign_in: Post, refresh: Post
) -> None:
    other = (await sign_in("ana@example.com")).json()
    await refresh(ana.refresh_token)
    await refresh(ana.refresh_token)
    assert (await refresh(other["refresh_token"])).status_code == 200


async def test_one_of_twenty_concurrent_uses_of_a_refresh_token_succeeds(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    answers = await asyncio.gather(*(refresh(ana.refresh_token) for _ in range(20)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [401] * 19
    assert len(await rows(select(refresh_token))) == 2
    assert (await the_session(rows))["revoked_at"] is not None


async def test_a_session_is_extended_by_use(
    ana: Person, refresh: Post, rows: Rows, container: ApplicationContainer
) -> None:
    now = dt.datetime.now(dt.UTC)
    await move_session(container, started_at=now - 10 * DAY, expires_at=now + DAY)
    assert (await refresh(ana.refresh_token)).status_code == 200
    assert (await the_session(rows))["expires_at"] >= now + 14 * DAY


async def test_a_session_never_lasts_longer_than_ninety_days(
    ana: Person, refresh: Post, rows: Rows, container: ApplicationContainer
) -> None:
    now = dt.datetime.now(dt.UTC)
    await move_session(container, started_at=now - 89 * DAY, expires_at=now + DAY / 2)
    assert (await refresh(ana.refresh_token)).status_code == 200
    assert (await the_session(rows))["expires_at"] == now + DAY


@pytest.mark.usefixtures("nothing_remembered")
async def test_an_expired_session_gives_no_tokens_and_is_unchanged(
    ana: Person, refresh: Post, rows: Rows, container: ApplicationContainer
) -> None:
    now = dt.datetime.now(dt.UTC)
    await move_session(container, expires_at=now - dt.timedelta(milliseconds=1))
    assert problem(await refresh(ana.refresh_token)) == REFUSED
    assert (await ana.get("/users/me")).status_code == 401
    [token] = await rows(select(refresh_token))
    assert token["spent_at"] is None


async def test_a_closed_account_gets_no_new_tokens(
    ana: Person, refresh: Post, change_account: ChangeAccount
) -> None:
    now = dt.datetime.now(dt.UTC)
    await change_account("ana@example.com", lambda user: user.deactivate(now=now))
    assert problem(await refresh(ana.refresh_token)) == REFUSED


async def test_unknown_used_and_expired_tokens_get_identical_answers(
    ana: Person, refresh: Post, container: ApplicationContainer
) -> None:
    successor = (await refresh(ana.refresh_token)).json()["refresh_token"]
    await move_session(container, expires_at=dt.datetime.now(dt.UTC) - DAY)
    expired = said(await refresh(successor))
    await move_session(container, expires_at=dt.datetime.now(dt.UTC) + DAY)
    spent = said(await refresh(ana.refresh_token))
    revoked = said(await refresh(successor))
    assert expired == spent == revoked == said(await refresh("rt_" + "a" * 43))


@pytest.mark.parametrize("token", ["rt_", "x", "rt_" + "é" * 43, "\x00", " ", "x" * 150])
async def test_an_invalid_refresh_token_is_refused(ana: Person, refresh: Post, token: str) -> None:
    assert problem(await refresh(token)) == REFUSED
    assert problem(await refresh(ana.refresh_token + token)) == REFUSED


async def test_a_refusal_says_how_to_sign_in(refresh: Post) -> None:
    assert (await refresh("x")).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "too_short"), ("x" * 201, "too_long"), (5, "wrong_type"), (None, "wrong_type")],
    ids=["empty", "too long", "a number", "null"],
)
async def test_a_malformed_token_is_a_422(refresh: Post, token: Any, code: str) -> None:
    assert complaints(await refresh(token)) == [("/refresh_token", code)]


async def forget_old_sessions(container: ApplicationContainer, now: dt.datetime) -> None:
    """Run the hourly deletion."""
    tick = ScheduleTick("user.forget_sessions", now)
    await call_to_the_end(ForgetOldSessions(container.clock()), tick, container.user.uow)


async def test_a_purge_deletes_sessions_that_ended_over_thirty_days_ago(
    ana: Person, rows: Rows, container: ApplicationContainer
) -> None:
    now = dt.datetime.now(dt.UTC)
    await move_session(container, expires_at=now - 29 * DAY)
    await forget_old_sessions(container, now)
    assert len(await rows(select(user_session))) == 1
    assert len(await rows(select(refresh_token))) == 1
    await move_session(container, expires_at=now - 30 * DAY)
    await forget_old_sessions(container, now)
    assert await rows(select(user_session)) == []
    assert await rows(select(refresh_token)) == []
