import datetime as dt
from typing import Any

import pytest

from app.container import ApplicationContainer
from app.modules.user.domain.entities import FullName, Role, User
from app.shared.domain.value_objects import EmailAddress
from tests.e2e.user.answers import complaints, problem
from tests.e2e.user.conftest import ChangeAccount
from tests.support.people import Person

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
async def five_accounts(clean_database: None, container: ApplicationContainer) -> list[str]:
    """Five accounts of before the administrator's, out of the order of their addresses."""
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
async def test_who_is_no_administrator_may_not_even_ask(ana: Person, path: str) -> None:
    answer = await ana.get(path.format(id=ana.id))
    assert problem(answer) == (403, "forbidden")


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_role_that_is_given_or_taken_away_counts_with_the_same_token(
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
async def test_an_account_that_is_closed_is_refused_with_the_tokens_it_has(
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


async def test_an_account_that_there_is_not_is_not_found(admin: Person) -> None:
    answer = await admin.get("/users/018f3c1e-0000-7000-8000-000000000000")
    assert problem(answer) == (404, "user_not_found")


@pytest.mark.parametrize("id_", ["1", "ME", "018f3c1e000070008000000000000000", "%00", "a" * 36])
async def test_what_can_not_be_an_id_is_told_so(admin: Person, id_: str) -> None:
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
async def test_a_page_that_can_not_be_is_told_so(
    admin: Person, query: str, complaint: tuple[str, str]
) -> None:
    assert complaints(await admin.get(f"/users?{query}")) == [complaint]
