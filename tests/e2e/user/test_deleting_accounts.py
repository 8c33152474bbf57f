"""Deleting one's own account: no personal data stays behind."""

import pytest
from sqlalchemy import select

from app.container import ApplicationContainer
from app.modules.user.domain.events import UserDeleted
from app.modules.user.infrastructure.tables import one_time_token, refresh_token, user_session
from app.modules.user.infrastructure.tables import user as user_table
from app.shared.infrastructure.database.models import metadata
from tests.e2e.user.answers import problem
from tests.e2e.user.conftest import Post, Rows
from tests.modules.note.storage import note as note_table
from tests.support.mailbox import Mailbox
from tests.support.people import PASSWORD, Person
from tests.support.published import Published
from tests.support.scenario import Drain

ANA, THERE = "ana@example.com", "ana@elsewhere.example"
LEAVE = {"current_password": PASSWORD}


async def leave(person: Person, method: str = "DELETE", path: str = "/users/me") -> int:
    answer = await person.request(method, path, json=LEAVE)
    assert answer.content == b"" or answer.status_code != 204
    return answer.status_code


@pytest.mark.usefixtures("nothing_remembered")
@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/users/me"), ("POST", "/users/me/delete")]
)
async def test_deleting_an_account_ends_all_its_sessions(
    *, ana: Person, refresh: Post, sign_in: Post, published: Published, method: str, path: str
) -> None:
    elsewhere = await Person.sign_in(ana.client, ANA)
    assert await leave(ana, method, path) == 204
    for person in (ana, elsewhere):
        assert problem(await person.get("/users/me")) == (401, "unauthenticated")
        assert (await refresh(person.refresh_token)).status_code == 401
    assert (await sign_in(ANA)).status_code == 400
    [event] = await published.of(UserDeleted)
    assert str(event.user_id) == ana.id


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_later_account_with_the_same_address_has_another_id(
    ana: Person, register: Post
) -> None:
    await leave(ana)
    await register(ANA)
    again = await Person.sign_in(ana.client, ANA)
    assert again.id != ana.id
    assert (await ana.get("/users/me")).status_code == 401


async def test_deleting_an_account_requires_the_password(ana: Person, sign_in: Post) -> None:
    for method, path in (("DELETE", "/users/me"), ("POST", "/users/me/delete")):
        answer = await ana.request(method, path, json={"current_password": "wrong horse battery"})
        assert problem(answer) == (403, "reauth_failed")
        answer = await ana.request(method, path)
        assert problem(answer) == (400, "malformed_request")
    assert (await sign_in(ANA)).status_code == 200


@pytest.mark.usefixtures("bruno")
async def test_no_column_of_any_table_contains_the_deleted_user(
    *, ana: Person, send: Post, mail: Mailbox, drain: Drain, rows: Rows
) -> None:
    """Their address, a former one, a requested one and their name, in all tables."""
    await ana.patch("/users/me", {"full_name": "Anastasia Canary"}, version="*")
    named = await ana.post("/notes", {"title": "Anastasia Canary"}, key="once")
    assert named.status_code == 201
    wish = {"email": THERE, **LEAVE}
    await ana.put("/users/me/email", wish)
    await send("/email/confirm", token=await mail.token(THERE, "confirm-email"), password=PASSWORD)
    await ana.put("/users/me/email", {"email": "third@canary.example", **LEAVE})
    await send("/password/forgot", email=THERE)
    await send("/register", email=THERE, password=PASSWORD, full_name="Anastasia Canary")
    note = await ana.write_note(title="Call Anastasia Canary", text=f"or write to {THERE}")
    await ana.patch(f"/notes/{note['id']}", {"labels": ["canary"]}, version=1)
    await drain()
    traces = (ANA, THERE, "canary", "anastasia")
    assert await _tables_that_know(traces, rows) >= {"user", "note", "one_time_token"}

    assert await leave(ana) == 204
    await drain()
    assert await _tables_that_know(traces, rows) == set()
    assert await rows(select(user_table.c.email)) != []
    for table in (user_session, refresh_token, one_time_token):
        assert ana.id not in str([dict(row) for row in await rows(select(table))])


async def _tables_that_know(traces: tuple[str, ...], rows: Rows) -> set[str]:
    """Search for the data in every value of every row."""
    return {
        name
        for name, table in {**metadata.tables, "note": note_table}.items()
        for row in await rows(select(table))
        if any(trace in str(dict(row)).lower() for trace in traces)
    }


async def test_the_last_administrator_cannot_delete_their_account(
    admin: Person, ana: Person, container: ApplicationContainer
) -> None:
    password = await container.user.create_admin().execute("other@example.com")
    other = await Person.sign_in(admin.client, "other@example.com", password)
    answer = await other.request("DELETE", "/users/me", json={"current_password": password})
    assert answer.status_code == 204
    password = await container.user.create_admin().execute("other@example.com")
    other = await Person.sign_in(admin.client, "other@example.com", password)
    account = (await other.get(f"/users/{admin.id}")).json()
    closed = await other.post(f"/users/{admin.id}/deactivate", version=account["version"])
    assert closed.status_code == 200
    answer = await other.request("DELETE", "/users/me", json={"current_password": password})
    assert problem(answer) == (409, "last_administrator")
    assert await leave(ana) == 204
