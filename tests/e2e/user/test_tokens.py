"""What is accepted as a token, and where."""

import re

import httpx2
import pytest

from app.core.http.routing import ApiRoute
from app.core.http.service import Service
from tests.e2e.user.answers import complaints, problem, said
from tests.e2e.user.conftest import Post
from tests.support.people import Person

ME = "/api/v1/users/me"


async def test_every_route_that_is_not_public_requires_a_credential(
    service: Service, client: httpx2.AsyncClient
) -> None:
    routes = [route for route in service.router.routes if isinstance(route, ApiRoute)]
    guarded = [route for route in routes if not route.access.is_public]
    assert len(guarded) > 5
    for route in guarded:
        address = re.sub(r"{\w+}", "018f3c1e-0000-7000-8000-000000000000", route.path)
        for method in route.methods_served:
            answer = await client.request(method, address)
            assert problem(answer) == (401, "unauthenticated"), (method, address)
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer null",
        "Basic YW5hOnNlY3JldA==",
        "Digest username=ana",
        "{access}",
        "Bearer{access}",
        "Bearer {access} ",
        "Bearer {access}, Bearer {access}",
        "Bearer {access} {access}",
        "Bearer {access}x",
        "Bearer \u00e9",
        "Bearer {refresh}",
        'Bearer "{access}"',
        "Token {access}",
    ],
)
async def test_every_invalid_access_token_gets_the_same_refusal(
    ana: Person, client: httpx2.AsyncClient, header: str
) -> None:
    sent = header.format(access=ana.access_token, refresh=ana.refresh_token)
    answer = await client.get(ME, headers={b"Authorization": sent.encode("latin-1")})
    assert problem(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert said(answer) == said(await client.get(ME))


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
async def test_an_access_token_is_accepted_in_the_usual_spellings(
    ana: Person, client: httpx2.AsyncClient, scheme: str
) -> None:
    answer = await client.get(ME, headers={"Authorization": scheme + ana.access_token})
    assert answer.status_code == 200


async def test_an_access_token_in_the_url_is_not_accepted(
    ana: Person, client: httpx2.AsyncClient
) -> None:
    answer = await client.get(ME, params={"access_token": ana.access_token})
    assert answer.status_code == 401


async def test_an_access_token_is_not_accepted_as_a_refresh_token(
    ana: Person, refresh: Post
) -> None:
    assert complaints(await refresh(ana.access_token)) == [("/refresh_token", "too_long")]
    refused = (401, "invalid_refresh_token")
    assert problem(await refresh(ana.access_token[:200])) == refused


@pytest.mark.parametrize("path", ["/auth/register", "/auth/token", "/auth/refresh"])
async def test_a_public_route_ignores_credentials(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.post(f"/api/v1{path}", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 400  # there is no body
    assert answer.json()["code"] == "malformed_request"
