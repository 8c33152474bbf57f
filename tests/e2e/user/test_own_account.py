from typing import Any

import pytest

from tests.e2e.user.answers import complaints, problem
from tests.support.people import Person

KEYS = {
    "id",
    "version",
    "created_at",
    "updated_at",
    "email",
    "full_name",
    "roles",
    "is_active",
    "verified_at",
}


async def test_an_account_shows_only_the_documented_fields(ana: Person) -> None:
    answer = await ana.get("/users/me")
    account = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(account) == KEYS
    assert (
        account
        | {
            "email": "ana@example.com",
            "full_name": "Ana Example",
            "roles": ["user"],
            "is_active": True,
            "version": 1,
        }
        == account
    )
    assert account["created_at"] == account["updated_at"] == account["verified_at"]
    assert account["created_at"].endswith("Z")


async def test_an_unchanged_account_is_a_304(ana: Person) -> None:
    answer = await ana.get("/users/me", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_name_is_changed(ana: Person) -> None:
    before = (await ana.get("/users/me")).json()
    answer = await ana.patch("/users/me", {"full_name": "Ana Maria"}, version="*")
    after = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert after["updated_at"] > before["updated_at"]
    changed = {"full_name": "Ana Maria", "version": 2, "updated_at": after["updated_at"]}
    assert after == before | changed == (await ana.get("/users/me")).json()


async def test_a_name_is_normalized(ana: Person) -> None:
    answer = await ana.patch("/users/me", {"full_name": "Ana\u0301"}, version="*")
    assert answer.json()["full_name"] == "Aná"


async def test_omitted_fields_stay_unchanged(ana: Person) -> None:
    before = (await ana.get("/users/me")).json()
    assert (await ana.patch("/users/me", {}, version="*")).json() == before
    assert (await ana.get("/users/me")).json() == before


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"full_name": None}, ("/full_name", "wrong_type")),
        ({"full_name": ""}, ("/full_name", "too_short")),
        ({"full_name": " \u3000"}, ("/full_name", "invalid")),
        ({"full_name": "x" * 101}, ("/full_name", "too_long")),
        ({"full_name": "a\nb"}, ("/full_name", "invalid_text")),
        ({"full_name": ["Ana"]}, ("/full_name", "wrong_type")),
        ({"email": "other@example.com"}, ("/email", "unknown_field")),
        ({"roles": ["admin"]}, ("/roles", "unknown_field")),
        ({"is_active": False}, ("/is_active", "unknown_field")),
        ({"password_hash": "x"}, ("/password_hash", "unknown_field")),
        ({"version": 7}, ("/version", "unknown_field")),
        ([], ("", "wrong_type")),
    ],
)
async def test_an_invalid_change_changes_nothing(
    ana: Person, changes: Any, complaint: tuple[str, str]
) -> None:
    before = (await ana.get("/users/me")).json()
    answer = await ana.patch("/users/me", changes, version="*")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == complaint
    assert (await ana.get("/users/me")).json() == before


async def test_a_user_cannot_change_another_users_name(ana: Person, bruno: Person) -> None:
    await ana.patch("/users/me", {"full_name": "Ana Maria"}, version="*")
    assert (await bruno.get("/users/me")).json()["full_name"] == "Bruno Example"


async def test_the_own_account_takes_no_parameters(ana: Person) -> None:
    answer = await ana.get("/users/me", params={"id": ana.id})
    assert complaints(answer) == [("id", "unknown_parameter")]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_an_unsupported_method_gets_the_list_of_methods(ana: Person, method: str) -> None:
    answer = await ana.request(method, "/users/me")
    assert problem(answer) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"DELETE", "GET", "HEAD", "PATCH"}
