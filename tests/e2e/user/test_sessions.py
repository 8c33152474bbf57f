"""The list of a user's sessions, and their end."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.container import ApplicationContainer
from app.modules.user.infrastructure.tables import user_session
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import Post, Rows
from tests.support.browser import Browser
from tests.support.people import Person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
REFUSED = (401, "invalid_refresh_token")
SECOND = dt.timedelta(seconds=1)


async def sessions_of(person: Person) -> list[dict[str, Any]]:
    answer = await person.get("/auth/sessions")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def another(ana: Person) -> Person:
    return await Person.sign_in(ana.client, "ana@example.com")


async def change_sessions(container: ApplicationContainer, **values: Any) -> None:
    async with container.database().transaction() as connection:
        await connection.execute(Statement(update(user_session), columns=list(values)), values)
        await connection.commit()


async def test_a_listed_session_has_what_its_owner_needs_to_recognise_it(
    ana: Person, rows: Rows
) -> None:
    [session, _] = await sessions_of(await another(ana))
    newest = select(user_session.c.id).order_by(user_session.c.started_at.desc()).limit(1)
    [stored] = await rows(newest)
    assert set(session) == {
        "id",
        "client",
        "started_at",
        "last_used_at",
        "expires_at",
        "is_current",
    }
    assert session["id"] == str(stored["id"])
    assert session["client"] == "python-httpx2"
    assert session["is_current"]
    started = dt.datetime.fromisoformat(session["started_at"])
    assert dt.datetime.fromisoformat(session["expires_at"]) - started == dt.timedelta(days=14)
    assert session["last_used_at"] == session["started_at"]


async def test_only_the_kind_of_a_browser_is_stored(ana: Person, rows: Rows) -> None:
    ana.client.headers["User-Agent"] = FIREFOX
    browser = await Browser.sign_in(ana.client, "ana@example.com")
    listed = (await browser.get("/auth/sessions")).json()["items"]
    assert [(each["client"], each["is_current"]) for each in listed] == [
        ("Firefox on Linux", True),
        (None, False),  # hers, which no request began
    ]
    assert "140" not in str(await rows(select(user_session.c.client)))


async def test_only_ones_own_active_sessions_are_listed_last_used_first(
    ana: Person, bruno: Person, refresh: Post
) -> None:
    second, third = await another(ana), await another(ana)
    await third.post("/auth/logout")
    await refresh(ana.refresh_token)
    listed = await sessions_of(second)
    assert [each["is_current"] for each in listed] == [False, True]
    assert listed[0]["last_used_at"] > listed[0]["started_at"]
    assert len(await sessions_of(bruno)) == 1


async def test_an_expired_session_is_not_listed(
    ana: Person, container: ApplicationContainer
) -> None:
    assert await sessions_of(ana)  # cached for a second from here
    await change_sessions(container, expires_at=dt.datetime.now(dt.UTC))
    assert await sessions_of(ana) == []


async def test_a_session_of_an_earlier_release_lists_known_fields(
    ana: Person, container: ApplicationContainer
) -> None:
    await change_sessions(container, last_used_at=None, client=None)
    [session] = await sessions_of(ana)
    assert session["client"] is None
    assert session["last_used_at"] == session["started_at"]


async def test_a_session_ended_from_another_is_refused_at_once(ana: Person, refresh: Post) -> None:
    other = await another(ana)
    [its_id] = [each["id"] for each in await sessions_of(ana) if not each["is_current"]]
    answer = await ana.delete(f"/auth/sessions/{its_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert problem(await other.get("/users/me")) == (401, "unauthenticated")
    assert problem(await refresh(other.refresh_token)) == REFUSED
    assert [each["is_current"] for each in await sessions_of(ana)] == [True]


async def test_the_current_session_can_be_ended_too(ana: Person) -> None:
    [own] = await sessions_of(ana)
    assert (await ana.delete(f"/auth/sessions/{own['id']}")).status_code == 204
    assert problem(await ana.get("/users/me")) == (401, "unauthenticated")


async def test_another_users_session_is_answered_like_one_that_does_not_exist(
    ana: Person, bruno: Person
) -> None:
    [brunos] = await sessions_of(bruno)
    other = await another(ana)
    [own] = [each for each in await sessions_of(ana) if not each["is_current"]]
    assert (await ana.delete(f"/auth/sessions/{own['id']}")).status_code == 204
    ended = said(await ana.delete(f"/auth/sessions/{own['id']}"))
    absent = said(await ana.delete("/auth/sessions/0190f5a0-0000-7000-8000-000000000001"))
    foreign = said(await ana.delete(f"/auth/sessions/{brunos['id']}"))
    assert foreign == absent == ended
    assert foreign.status == 404
    assert (await bruno.get("/users/me")).status_code == 200
    assert problem(await other.get("/users/me"))[0] == 401


async def test_an_invalid_id_is_refused(ana: Person) -> None:
    assert complaints(await ana.delete("/auth/sessions/x")) == [("session_id", "invalid_format")]


@pytest.mark.usefixtures("nothing_remembered")
async def test_all_other_sessions_end_together(ana: Person, bruno: Person, refresh: Post) -> None:
    others = [await another(ana) for _ in range(3)]
    browser = await Browser.sign_in(ana.client, "ana@example.com")
    answer = await ana.delete("/auth/sessions")
    assert (answer.status_code, answer.content) == (204, b"")
    for other in others:
        assert problem(await other.get("/users/me")) == (401, "unauthenticated")
        assert problem(await refresh(other.refresh_token)) == REFUSED
    assert problem(await browser.get("/users/me")) == (401, "unauthenticated")
    assert [each["is_current"] for each in await sessions_of(ana)] == [True]
    assert (await refresh(ana.refresh_token)).status_code == 200
    assert (await bruno.get("/users/me")).status_code == 200


async def start_sessions(container: ApplicationContainer, like: Any, many: int) -> None:
    """Start sessions like an existing one, each used a second later than the previous one."""
    async with container.user.uow() as uow:
        for number in range(many):
            session = await uow.sessions.get(like["id"])
            assert session is not None
            session.id = UUID(int=number)
            session.last_used_at = like["started_at"] - (many - number) * SECOND
            assert await uow.sessions.start(session, None, password_version=1)
        await uow.commit()


@pytest.mark.usefixtures("nothing_remembered")
async def test_the_hundred_and_first_session_ends_the_least_recently_used_one(
    ana: Person, bruno: Person, container: ApplicationContainer, rows: Rows
) -> None:
    [stored] = await rows(select(user_session).where(user_session.c.user_id == UUID(ana.id)))
    await start_sessions(container, stored, 105)
    newest = await another(ana)
    listed = await sessions_of(newest)
    assert len(listed) == 100
    assert listed[0]["is_current"]
    assert [UUID(each["id"]).int for each in listed[2:]] == list(range(104, 6, -1))
    assert (await ana.get("/users/me")).status_code == 200
    assert len(await sessions_of(bruno)) == 1


async def test_all_sessions_are_listed_also_those_over_the_limit(
    ana: Person, container: ApplicationContainer, rows: Rows
) -> None:
    [stored] = await rows(select(user_session))
    await start_sessions(container, stored, 105)
    assert len(await sessions_of(ana)) == 106


async def test_ended_sessions_do_not_count_for_the_limit(
    ana: Person, container: ApplicationContainer, rows: Rows
) -> None:
    [stored] = await rows(select(user_session))
    await start_sessions(container, stored, 105)
    now = dt.datetime.now(dt.UTC)
    for over in ({"expires_at": now}, {"revoked_at": now, "expires_at": now + 9 * SECOND}):
        async with container.database().transaction() as connection:
            ended = update(user_session).where(user_session.c.id != stored["id"])
            await connection.execute(Statement(ended, columns=list(over)), over)
            await connection.commit()
        await another(ana)
        assert len(await sessions_of(ana)) == 2


async def test_the_end_of_a_session_is_in_the_security_log_without_a_secret(
    ana: Person, refresh: Post, security_log: list[Any]
) -> None:
    await another(ana)
    own, other = sorted(await sessions_of(ana), key=lambda each: not each["is_current"])
    await ana.delete(f"/auth/sessions/{other['id']}")
    await ana.delete("/auth/sessions")
    await refresh(ana.refresh_token)
    await refresh(ana.refresh_token)
    assert [line["event"] for line in security_log] == [
        "session ended",
        "other sessions ended",
        "refresh token reused",
    ]
    assert security_log[-1]["session_id"] == own["id"]
    assert ana.refresh_token not in str(security_log)
