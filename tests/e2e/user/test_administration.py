import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from app.container import ApplicationContainer
from app.modules.user.domain.entities import FullName, Role, User
from app.modules.user.infrastructure.tables import user as user_table
from app.shared.domain.value_objects import EmailAddress
from tests.e2e.user.answers import complaints, problem
from tests.e2e.user.conftest import ChangeAccount, Post, Rows
from tests.support.people import Person

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
async def five_accounts(clean_database: None, container: ApplicationContainer) -> list[str]:
    """Five accounts, older than the administrator's, not in the order of their addresses."""
    emails = [f"{letter}@example.com" for letter in "dbeac"]
    async with container.user.uow() as uow:
        for number, email in enumerate(emails):
            born = START + dt.timedelta(days=number)
            user = User.register(
                email=EmailAddress(email),
                full_name=FullName("Carla Example"),
                password_hash="none",
                now=born,
            )
            await uow.users.save(user)
        await uow.commit()
    return emails


# --- Who may ------------------------------------------------------------------------------------


async def test_the_first_administrator_comes_from_the_command_line(admin: Person) -> None:
    account = (await admin.get("/users/me")).json()
    assert (account["email"], account["roles"]) == ("admin@example.com", ["admin", "user"])
    assert account["verified_at"] is not None


@pytest.mark.parametrize("path", ["/users", "/users/{id}", "/users/not-an-id", "/users?page=0"])
async def test_a_user_without_the_role_is_refused(ana: Person, path: str) -> None:
    answer = await ana.get(path.format(id=ana.id))
    assert problem(answer) == (403, "forbidden")


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_change_of_roles_takes_effect_with_the_same_token(
    ana: Person, change_account: ChangeAccount
) -> None:
    await change_account(
        "ana@example.com", lambda user: user.give_roles(frozenset(Role), now=START)
    )
    assert (await ana.get("/users")).status_code == 200

    def demote(user: User) -> None:
        user.roles = frozenset({Role.USER})

    await change_account("ana@example.com", demote)
    assert problem(await ana.get("/users")) == (403, "forbidden")
    assert (await ana.get("/users/me")).status_code == 200


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_closed_account_is_refused_with_its_existing_tokens(
    ana: Person, change_account: ChangeAccount
) -> None:
    await change_account("ana@example.com", lambda user: user.deactivate(now=START))
    assert problem(await ana.get("/users/me")) == (401, "unauthenticated")


# --- Looking at one -----------------------------------------------------------------------------


async def test_an_administrator_sees_an_account_as_its_owner_does(
    ana: Person, admin: Person
) -> None:
    answer = await admin.get(f"/users/{ana.id}")
    own = await ana.get("/users/me")
    assert (answer.status_code, answer.json()) == (200, own.json())
    assert answer.headers["etag"] == own.headers["etag"]


async def test_an_unknown_account_is_not_found(admin: Person) -> None:
    answer = await admin.get("/users/018f3c1e-0000-7000-8000-000000000000")
    assert problem(answer) == (404, "user_not_found")


@pytest.mark.parametrize("id_", ["1", "ME", "018f3c1e000070008000000000000000", "%00", "a" * 36])
async def test_an_invalid_id_is_refused(admin: Person, id_: str) -> None:
    assert complaints(await admin.get(f"/users/{id_}")) == [("user_id", "invalid_format")]


# --- Looking at all -----------------------------------------------------------------------------


async def listed(admin: Person, **query: Any) -> dict[str, Any]:
    answer = await admin.get("/users", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    page["items"] = [each["email"] for each in page["items"]]
    return page


async def test_accounts_are_listed_page_by_page_and_the_oldest_first(
    five_accounts: list[str], admin: Person
) -> None:
    everybody = [*five_accounts, "admin@example.com"]
    whole = {"total": 6, "page": 1, "size": 20, "pages": 1}
    assert await listed(admin) == {"items": everybody, **whole}
    for page in (1, 2):
        shown = everybody[4 * page - 4 : 4 * page]
        expected = {"items": shown, "total": 6, "page": page, "size": 4, "pages": 2}
        assert await listed(admin, page=page, size=4) == expected


async def test_a_page_after_the_last_is_empty(five_accounts: list[str], admin: Person) -> None:
    expected = {"items": [], "total": 6, "page": 10_000, "size": 100, "pages": 1}
    assert await listed(admin, page=10_000, size=100) == expected


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("page=0", ("page", "out_of_range")),
        ("page=-1", ("page", "out_of_range")),
        ("page=10001", ("page", "out_of_range")),
        ("page=9223372036854775808", ("page", "wrong_type")),
        ("page=1.0", ("page", "wrong_type")),
        ("page=", ("page", "wrong_type")),
        ("page=two", ("page", "wrong_type")),
        ("size=0", ("size", "out_of_range")),
        ("size=101", ("size", "out_of_range")),
        ("size=1&size=2", ("size", "duplicate_parameter")),
        ("limit=20", ("limit", "unknown_parameter")),
        ("Page=1", ("Page", "unknown_parameter")),
    ],
)
async def test_an_invalid_page_is_refused(
    admin: Person, query: str, complaint: tuple[str, str]
) -> None:
    assert complaints(await admin.get(f"/users?{query}")) == [complaint]


# --- Closing, opening, trusting -----------------------------------------------------------------


@pytest.fixture
async def other_admin(container: ApplicationContainer, admin: Person) -> Person:
    password = await container.user.create_admin().execute("other@example.com")
    return await Person.sign_in(admin.client, "other@example.com", password)


@pytest.mark.usefixtures("nothing_remembered")
async def test_an_account_is_closed_and_opened_again(
    admin: Person, ana: Person, sign_in: Post, refresh: Post
) -> None:
    closed = await admin.post(f"/users/{ana.id}/deactivate", version=1)
    assert (closed.status_code, closed.headers["etag"]) == (200, '"2"')
    assert closed.json()["is_active"] is False
    assert problem(await ana.get("/users/me")) == (401, "unauthenticated")
    assert (await refresh(ana.refresh_token)).status_code == 401
    assert (await sign_in("ana@example.com")).status_code == 400

    opened = await admin.post(f"/users/{ana.id}/activate", version=2)
    assert (opened.status_code, opened.headers["etag"]) == (200, '"3"')
    assert (await sign_in("ana@example.com")).status_code == 200
    assert (await ana.get("/users/me")).status_code == 401  # the earlier sessions stay ended


async def test_closing_or_opening_twice_changes_nothing(admin: Person, ana: Person) -> None:
    for action in ("deactivate", "activate"):
        once = await admin.post(f"/users/{ana.id}/{action}", version="*")
        twice = await admin.post(f"/users/{ana.id}/{action}", version="*")
        assert (twice.status_code, twice.json()) == (200, once.json())


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_change_of_roles_changes_permissions_at_once(admin: Person, ana: Person) -> None:
    assert (await ana.get("/users")).status_code == 403
    given = await admin.put(f"/users/{ana.id}/roles", {"roles": ["user", "admin"]}, version=1)
    assert (given.status_code, given.headers["etag"]) == (200, '"2"')
    assert given.json()["roles"] == ["admin", "user"]
    assert (await ana.get("/users")).status_code == 200
    taken = await admin.put(f"/users/{ana.id}/roles", {"roles": ["user"]}, version=2)
    assert taken.json()["roles"] == ["user"]
    assert (await ana.get("/users")).status_code == 403


@pytest.mark.parametrize(
    ("roles", "complaint"),
    [
        ([], ("/roles", "too_short")),
        (["user"] * 21, ("/roles", "too_long")),
        (["root"], ("/roles/0", "not_allowed")),
        ("admin", ("/roles", "wrong_type")),
        (None, ("/roles", "wrong_type")),
    ],
)
async def test_unknown_roles_are_refused(
    admin: Person, ana: Person, roles: Any, complaint: tuple[str, str]
) -> None:
    answer = await admin.put(f"/users/{ana.id}/roles", {"roles": roles}, version=1)
    assert complaints(answer) == [complaint]


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [
        ("POST", "deactivate", None),
        ("POST", "activate", None),
        ("PUT", "roles", {"roles": ["user"]}),
    ],
)
async def test_every_write_requires_the_version(
    *, admin: Person, ana: Person, method: str, action: str, body: Any
) -> None:
    nobody = "0190f5a0-0000-7000-8000-000000000001"
    write = admin.post if method == "POST" else admin.put
    assert problem(await write(f"/users/{ana.id}/{action}", body)) == (428, "version_required")
    stale = await write(f"/users/{ana.id}/{action}", body, version=7)
    assert problem(stale) == (412, "stale_version")
    absent = await write(f"/users/{nobody}/{action}", body, version="*")
    assert problem(absent) == (404, "user_not_found")
    refused = await ana.request(
        method, f"/users/{admin.id}/{action}", json=body, headers={"If-Match": "*"}
    )
    assert problem(refused) == (403, "forbidden")


async def test_an_administrator_cannot_close_their_own_account(
    admin: Person, other_admin: Person
) -> None:
    answer = await admin.post(f"/users/{admin.id}/deactivate", version="*")
    assert problem(answer) == (409, "own_account")


async def test_the_last_administrator_keeps_the_role(admin: Person, other_admin: Person) -> None:
    only_user = {"roles": ["user"]}
    first = await admin.put(f"/users/{other_admin.id}/roles", only_user, version="*")
    assert first.status_code == 200
    last = await admin.put(f"/users/{admin.id}/roles", only_user, version="*")
    assert problem(last) == (409, "last_administrator")
    assert (await admin.get("/users")).status_code == 200


async def test_one_of_two_administrators_who_close_each_other_stays(
    admin: Person, other_admin: Person, rows: Rows
) -> None:
    for each in (admin, other_admin):  # cached now, so that both requests are accepted
        assert (await each.get("/users/me")).status_code == 200
    answers = await asyncio.gather(
        admin.post(f"/users/{other_admin.id}/deactivate", version="*"),
        other_admin.put(f"/users/{admin.id}/roles", {"roles": ["user"]}, version="*"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    found = await rows(select(user_table.c.roles, user_table.c.is_active))
    assert len([row for row in found if row["is_active"] and "admin" in row["roles"]]) == 1


# --- Sessions -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_remembered")
async def test_an_administrator_can_end_all_sessions_of_an_open_account(
    ana: Person, bruno: Person, admin: Person, refresh: Post
) -> None:
    elsewhere = await Person.sign_in(ana.client, "ana@example.com")
    answer = await admin.delete(f"/users/{ana.id}/sessions")
    assert (answer.status_code, answer.content) == (204, b"")
    for person in (ana, elsewhere):
        assert problem(await person.get("/users/me")) == (401, "unauthenticated")
        assert (await refresh(person.refresh_token)).status_code == 401
    assert (await bruno.get("/users/me")).status_code == 200
    again = await Person.sign_in(ana.client, "ana@example.com")
    assert (await again.get("/users/me")).json()["is_active"]


async def test_other_users_cannot_end_the_sessions_of_an_account(
    ana: Person, bruno: Person
) -> None:
    assert problem(await bruno.delete(f"/users/{ana.id}/sessions")) == (403, "forbidden")
    assert (await ana.get("/users/me")).status_code == 200


async def test_ending_the_sessions_of_an_unknown_account_is_a_404(admin: Person) -> None:
    path = "/users/0190f5a0-0000-7000-8000-000000000001/sessions"
    assert problem(await admin.delete(path)) == (404, "user_not_found")
