"""A refresh whose answer was lost."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import select, update

from app.container import ApplicationContainer
from app.modules.user.domain.sessions import RefreshToken
from app.modules.user.infrastructure.tables import refresh_token, user_session
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import Post, Rows
from tests.support.people import Person

REFUSED = (401, "invalid_refresh_token")
KEY = "7c1e0f0e-5f1c-4f0e-9a53-5e3f9a8f1a11"


async def has_ended(rows: Rows) -> bool:
    [session] = await rows(select(user_session))
    return session["revoked_at"] is not None


async def spent_ago(container: ApplicationContainer, seconds: float) -> None:
    spent_at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)
    move = update(refresh_token).where(refresh_token.c.spent_at.is_not(None))
    async with container.database().transaction() as connection:
        await connection.execute(Statement(move, columns=["spent_at"]), {"spent_at": spent_at})
        await connection.commit()


async def test_the_same_token_with_the_same_key_gives_the_same_successor(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    first = await refresh(ana.refresh_token, key=KEY)
    again = await refresh(ana.refresh_token, key=KEY)
    assert first.status_code == again.status_code == 200
    assert first.json()["refresh_token"] == again.json()["refresh_token"]
    assert len(await rows(select(refresh_token))) == 2
    assert not await has_ended(rows)
    renewed = Person(ana.client, again.json()["access_token"], again.json()["refresh_token"])
    assert (await renewed.get("/users/me")).status_code == 200
    assert (await refresh(renewed.refresh_token)).status_code == 200


@pytest.mark.parametrize("key", [None, "another", KEY.upper(), KEY + "x"])
async def test_a_repetition_without_the_key_or_with_another_is_reuse(
    ana: Person, refresh: Post, rows: Rows, key: str | None
) -> None:
    successor = (await refresh(ana.refresh_token, key=KEY)).json()["refresh_token"]
    assert problem(await refresh(ana.refresh_token, key=key)) == REFUSED
    assert await has_ended(rows)
    assert problem(await refresh(ana.refresh_token, key=KEY)) == REFUSED
    assert problem(await refresh(successor)) == REFUSED


async def test_a_key_only_in_the_repetition_is_reuse(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    await refresh(ana.refresh_token)
    assert problem(await refresh(ana.refresh_token, key=KEY)) == REFUSED
    assert await has_ended(rows)


async def test_a_repetition_after_a_minute_is_reuse(
    ana: Person, refresh: Post, rows: Rows, container: ApplicationContainer
) -> None:
    first = (await refresh(ana.refresh_token, key=KEY)).json()
    await spent_ago(container, 40)
    again = (await refresh(ana.refresh_token, key=KEY)).json()
    assert again["refresh_token"] == first["refresh_token"]
    await spent_ago(container, 60)
    assert problem(await refresh(ana.refresh_token, key=KEY)) == REFUSED
    assert await has_ended(rows)


async def test_a_token_that_was_used_without_a_key_cannot_be_repeated(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    await refresh(ana.refresh_token)
    assert problem(await refresh(ana.refresh_token)) == REFUSED
    assert await has_ended(rows)


async def test_the_same_key_works_for_consecutive_tokens(ana: Person, refresh: Post) -> None:
    token, seen = ana.refresh_token, set()
    for _ in range(3):
        token = (await refresh(token, key=KEY)).json()["refresh_token"]
        seen.add(token)
    assert len(seen) == 3


async def test_twenty_concurrent_repetitions_get_the_same_successor(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    answers = await asyncio.gather(*(refresh(ana.refresh_token, key=KEY) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len(await rows(select(refresh_token))) == 2


async def test_an_ended_session_gives_no_repeated_answer(ana: Person, refresh: Post) -> None:
    await refresh(ana.refresh_token, key=KEY)
    await ana.post("/auth/logout")
    assert problem(await refresh(ana.refresh_token, key=KEY)) == REFUSED


async def test_neither_the_key_nor_the_successor_is_stored(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    successor = (await refresh(ana.refresh_token, key=KEY)).json()["refresh_token"]
    stored = str(await rows(select(refresh_token)))
    assert KEY not in stored
    assert successor not in stored
    assert ana.refresh_token not in stored


def test_a_successor_depends_on_the_token_the_callers_key_and_ours() -> None:
    token = RefreshToken.make()
    usual = token.successor(KEY, derived_with="ours")
    assert usual == token.successor(KEY, derived_with="ours")
    assert usual.secret.startswith(RefreshToken.PREFIX)
    assert len(usual.secret) == len(token.secret)
    others = {
        token.successor("another", derived_with="ours"),
        token.successor(KEY, derived_with="theirs"),
        RefreshToken.make().successor(KEY, derived_with="ours"),
        token,
    }
    assert usual not in others


async def test_a_new_signing_key_does_not_change_repeated_answers(
    ana: Person, refresh: Post, container: ApplicationContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (await refresh(ana.refresh_token, key=KEY)).json()["refresh_token"]
    old = container.settings().signing_keys
    use_case = container.user.refresh()
    monkeypatch.setattr(use_case, "_derived_with", ["a new key that is long enough for it", *old])
    again = (await refresh(ana.refresh_token, key=KEY)).json()["refresh_token"]
    assert again == first


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\t", "\x7f"])
async def test_an_invalid_key_is_refused_and_uses_up_nothing(
    ana: Person, refresh: Post, key: str
) -> None:
    answer = await ana.client.post(
        "/api/v1/auth/refresh",
        json={"refresh_token": ana.refresh_token},
        headers={b"Idempotency-Key": key.encode("latin-1")},
    )
    assert complaints(answer) == [("Idempotency-Key", "invalid_format")]
    assert (await refresh(ana.refresh_token, key="x" * 255)).status_code == 200


async def test_reuse_gets_the_same_answer_as_any_refusal(ana: Person, refresh: Post) -> None:
    await refresh(ana.refresh_token, key=KEY)
    reused = said(await refresh(ana.refresh_token, key="another"))
    assert reused == said(await refresh("rt_" + "a" * 43, key=KEY))
