from sqlalchemy import select

from app.container import ApplicationContainer
from app.core.security import Actor
from app.modules.user.infrastructure.tables import user_session
from tests.e2e.user.answers import problem
from tests.e2e.user.conftest import Post, Rows
from tests.support.people import Person


async def test_after_sign_out_both_tokens_are_refused_at_once(ana: Person, refresh: Post) -> None:
    assert (await ana.get("/users/me")).status_code == 200  # cached for a second from here
    answer = await ana.post("/auth/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert problem(await ana.get("/users/me")) == (401, "unauthenticated")
    assert problem(await ana.post("/auth/logout")) == (401, "unauthenticated")
    assert problem(await refresh(ana.refresh_token)) == (401, "invalid_refresh_token")


async def test_after_sign_out_every_token_of_the_session_is_refused(
    ana: Person, refresh: Post
) -> None:
    renewed = (await refresh(ana.refresh_token)).json()
    await ana.post("/auth/logout")
    again = Person(ana.client, renewed["access_token"], renewed["refresh_token"])
    assert (await again.get("/users/me")).status_code == 401
    assert (await refresh(again.refresh_token)).status_code == 401


async def test_sign_out_leaves_other_sessions(ana: Person, bruno: Person) -> None:
    elsewhere = await Person.sign_in(ana.client, "ana@example.com")
    await ana.post("/auth/logout")
    assert (await elsewhere.get("/users/me")).status_code == 200
    assert (await bruno.get("/users/me")).status_code == 200


async def test_the_first_end_of_a_session_is_stored(
    ana: Person, container: ApplicationContainer, rows: Rows
) -> None:
    [session] = await rows(select(user_session))
    actor = Actor(session["user_id"], session["id"], frozenset())
    await container.user.sign_out().execute(actor)
    [ended] = await rows(select(user_session))
    await container.user.sign_out().execute(actor)
    assert await rows(select(user_session)) == [ended]
    assert ended["revoked_at"] is not None
