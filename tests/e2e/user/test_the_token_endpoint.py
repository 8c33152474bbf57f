"""The requirements of RFC 6749 for a token endpoint: its form, its grant types, its errors."""

import re
from collections.abc import Awaitable, Callable
from typing import Final

import httpx2
import pytest

from tests.e2e.user.answers import refusal, said
from tests.e2e.user.conftest import Post
from tests.support.people import PASSWORD, Person

TOKEN: Final = "/api/v1/auth/token"
FORM: Final = "application/x-www-form-urlencoded"
PAIR: Final = {"access_token", "refresh_token", "token_type", "expires_in"}
# RFC 6749, section 5.2
DESCRIPTION: Final = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")

Ask = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def ask(client: httpx2.AsyncClient) -> Ask:
    """Send parameters to the token endpoint."""

    async def ask(*, headers: dict[str, str] | None = None, **form: str) -> httpx2.Response:
        return await client.post(TOKEN, data=form, headers=headers)

    return ask


@pytest.fixture
def ask_raw(client: httpx2.AsyncClient) -> Ask:
    async def ask_raw(form: str | bytes) -> httpx2.Response:
        return await client.post(TOKEN, content=form, headers={"content-type": FORM})

    return ask_raw


def assert_no_cache_keeps(answer: httpx2.Response) -> None:
    """RFC 6749, section 5.1."""
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


# --- Grants -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"grant_type": "password"}, {"grant_type": ""}])
async def test_a_password_gives_tokens(ana: Person, ask: Ask, fields: dict[str, str]) -> None:
    answer = await ask(username="ana@example.com", password=PASSWORD, **fields)
    assert (answer.status_code, set(answer.json())) == (200, PAIR)
    assert_no_cache_keeps(answer)


async def test_a_refresh_token_gives_new_tokens_of_its_session(ana: Person, ask: Ask) -> None:
    answer = await ask(grant_type="refresh_token", refresh_token=ana.refresh_token)
    assert (answer.status_code, set(answer.json())) == (200, PAIR)
    assert_no_cache_keeps(answer)
    renewed = Person(ana.client, answer.json()["access_token"], "")
    assert (await renewed.get("/users/me")).json()["id"] == ana.id
    assert len((await renewed.get("/auth/sessions")).json()["items"]) == 1


async def test_a_refresh_token_that_is_used_twice_ends_its_session(
    ana: Person, ask: Ask, refresh: Post
) -> None:
    grant = {"grant_type": "refresh_token", "refresh_token": ana.refresh_token}
    successor = (await ask(**grant)).json()["refresh_token"]
    assert refusal(await ask(**grant)) == ("invalid_grant", "invalid_refresh_token")
    assert (await refresh(successor)).status_code == 401


async def test_a_refresh_can_be_repeated_with_its_key(ana: Person, ask: Ask) -> None:
    grant = {"grant_type": "refresh_token", "refresh_token": ana.refresh_token}
    answers = [await ask(**grant, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    first, again = [answer.json()["refresh_token"] for answer in answers]
    assert first == again


async def test_all_kinds_of_invalid_refresh_tokens_get_identical_answers(
    ana: Person, ask: Ask
) -> None:
    spent = ana.refresh_token
    successor = (await ask(grant_type="refresh_token", refresh_token=spent)).json()["refresh_token"]
    of_spent = said(await ask(grant_type="refresh_token", refresh_token=spent))
    of_revoked = said(await ask(grant_type="refresh_token", refresh_token=successor))
    of_unknown = said(await ask(grant_type="refresh_token", refresh_token="rt_" + "a" * 43))
    assert of_spent == of_revoked == of_unknown


# --- The form -----------------------------------------------------------------------------------


async def test_unknown_parameters_are_ignored(ana: Person, ask: Ask) -> None:
    unknown = {"client_id": "docs", "client_secret": "x", "audience": "https://api.example.com"}
    answer = await ask(username="ana@example.com", password=PASSWORD, scope="", **unknown)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error", "code", "description"),
    [
        ("", "invalid_request", "invalid", "username is required"),
        ("username=a@b.co", "invalid_request", "invalid", "password is required"),
        ("username=a@b.co&password=", "invalid_request", "invalid", "password is required"),
        ("grant_type=refresh_token", "invalid_request", "invalid", "refresh_token is required"),
        ("username=a&username=b&password=c", "invalid_request", "invalid", "username may be sent"),
        (f"username={'a' * 255}&password=b", "invalid_request", "invalid", "username must have at"),
        ("username=%zz&password=b", "invalid_request", "malformed_request", "The parameters are"),
        (b"username=%ff&password=b", "invalid_request", "malformed_request", "The parameters are"),
        ("grant_type=implicit", "unsupported_grant_type", "unsupported_grant_type", "Send a grant"),
        (
            "username=a&password=b&scope=all",
            "invalid_scope",
            "invalid_scope",
            "Tokens of this service",
        ),
        ("username=a@b.co&password=x", "invalid_grant", "invalid_credentials", "The email"),
    ],
)
async def test_a_refusal_is_both_rfc_6749_and_a_problem_document(
    ask_raw: Ask, form: str | bytes, error: str, code: str, description: str
) -> None:
    answer = await ask_raw(form)
    assert refusal(answer) == (error, code)
    body = answer.json()
    assert body["error_description"].startswith(description)
    assert DESCRIPTION.fullmatch(body["error_description"])
    assert body.keys() >= {"type", "title", "status", "detail", "instance", "code"}
    assert (body["status"], body["title"]) == (400, "Bad Request")
    assert "www-authenticate" not in answer.headers
    assert_no_cache_keeps(answer)


async def test_all_missing_parameters_are_reported_at_once(ask_raw: Ask) -> None:
    errors = (await ask_raw("")).json()["errors"]
    found = [(error["parameter"], error["code"]) for error in errors]
    assert found == [("username", "required"), ("password", "required")]


async def test_errors_of_http_are_problems_as_elsewhere(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post(TOKEN, json={"username": "ana@example.com", "password": PASSWORD})
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert "error" not in answer.json()


async def test_a_password_in_the_url_is_not_accepted(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        f"{TOKEN}?username=a&password=b", content="", headers={"content-type": FORM}
    )
    assert refusal(answer) == ("invalid_request", "invalid")
