"""Answers have exactly the headers that the document lists."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx2
import pytest

from app.config.settings import Settings
from app.main import create_app
from tests.e2e.contract.headers import differences, documented_headers
from tests.support.browser import OWN_ORIGIN, Browser
from tests.support.people import PASSWORD, Person

SOME_ID: Final = "0190f5a0-0000-7000-8000-000000000001"
OF_LIMITS: Final = {"ratelimit", "ratelimit-policy"}


@pytest.fixture
async def limited(settings: Settings, clean_database: None) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that limits its requests."""
    app = create_app(settings.model_copy(update={"rate_limits": True}))
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


def requests(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """A method and a path for each operation. Its object need not exist."""
    return [
        (method.upper(), re.sub(r"{\w+_id}", SOME_ID, path).format(code="not_found"), it)
        for path, methods in document["paths"].items()
        for method, it in methods.items()
    ]


async def test_every_operation_sends_the_headers_that_are_documented_and_no_others(
    document: dict[str, Any], client: httpx2.AsyncClient, admin: Person
) -> None:
    wrong, statuses = [], set()
    # Operations that end the session come last.
    for method, path, operation in sorted(requests(document), key=lambda each: "logout" in each[1]):
        for headers in ({}, {"Authorization": f"Bearer {admin.access_token}", "If-Match": '"1"'}):
            answer = await client.request(method, path, headers=headers)
            wrong += differences(document, operation, answer.status_code, answer.headers)
            statuses.add(answer.status_code)
    assert wrong == []
    assert statuses >= {200, 204, 400, 401, 403, 404, 422}


async def test_every_answer_of_a_limited_operation_says_how_much_is_left(
    document: dict[str, Any], limited: httpx2.AsyncClient
) -> None:
    wrong = []
    for method, path, operation in requests(document):
        answer = await limited.request(method, path)
        documented = documented_headers(document, operation, answer.status_code)
        if OF_LIMITS & set(documented) != OF_LIMITS & set(answer.headers):
            wrong.append(f"{method} {path}: {sorted(answer.headers)}")
    assert wrong == []


async def test_operations_that_set_or_delete_the_cookie_document_it(
    document: dict[str, Any], client: httpx2.AsyncClient, ana: Person
) -> None:
    """Each of these headers is sent by the operations that document it."""
    sent: dict[str, set[str]] = {"set-cookie": set(), "clear-site-data": set()}

    def note(operation_id: str, answer: httpx2.Response) -> None:
        assert answer.status_code == 204, answer.text
        for name in sent.keys() & answer.headers.keys():
            sent[name].add(operation_id)

    form = {"username": "ana@example.com", "password": PASSWORD}
    origin = {"Origin": OWN_ORIGIN}
    note(
        "sessions_sign_in_browser",
        await client.post("/api/v1/auth/cookie", data=form, headers=origin),
    )
    browser = await Browser.sign_in(client, "ana@example.com")
    password = {"current_password": PASSWORD, "new_password": "another horse battery"}
    changed = await browser.request("PUT", "/users/me/password", json=password)
    note("account_change_password", changed)
    browser.cookie = changed.headers["set-cookie"].partition("=")[2].partition(";")[0]
    note("sessions_sign_out", await browser.post("/auth/logout"))
    gone = {"current_password": password["new_password"]}
    again = {"username": "ana@example.com", "password": password["new_password"]}
    tokens = (await client.post("/api/v1/auth/token", data=again)).json()
    leaver = Person(client, tokens["access_token"], "")
    note("account_delete_by_post", await leaver.post("/users/me/delete", gone))
    documented = {
        name: {
            operation["operationId"]
            for _, _, operation in requests(document)
            if "204" in operation["responses"]
            and name in documented_headers(document, operation, 204)
        }
        for name in sent
    }
    # The same as by POST; httpx sends no body with DELETE.
    sent["set-cookie"].add("account_delete")
    sent["clear-site-data"].add("account_delete")
    assert documented == sent
