"""A service below a path of its proxy's host: the path of PUBLIC_URL is used."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.config.settings import Settings
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import PUBLIC
from app.main import create_app
from tests.support.people import PASSWORD

EMAIL = "ana@example.com"
OWN = {"Origin": "https://example.com"}

# HTTP behaves the same on every database.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url.path} {request.url_for('page')}")


async def page_inside(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url.path} {request.url_for('inside:page')}")


@dataclass
class Thing:
    id: int


async def make() -> Thing:
    return Thing(7)


@pytest.fixture(scope="module", params=["/shop", "/api"])
async def service(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    public_url = f"https://example.com{request.param}"
    app = create_app(settings.model_copy(update={"public_url": public_url}))
    inside = Starlette(routes=[Route("/page", page_inside, name="page")])
    app.mount("/mounted", inside, name="inside", access=PUBLIC)
    router = APIRouter()
    router.get("/page", response_class=PlainTextResponse)(page)
    app.mount_router(router, access=PUBLIC)
    ours = ApiRouter("/api/v1/things")
    ours.post("", make, access=PUBLIC, status_code=201, created_at="/api/v1/things/{id}")
    app.add(ours)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(params=["passed on whole", "taken away by the proxy"])
async def client(
    service: Service, clean_database: None, request: pytest.FixtureRequest
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client whose paths begin below the path, as the proxy passes them on."""
    is_whole = request.param == "passed on whole"
    base = "https://example.com" + (service.root_path if is_whole else "")
    transport = httpx2.ASGITransport(app=service)
    async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
        yield client


async def test_a_location_and_the_type_of_a_problem_begin_with_the_path(
    service: Service, client: httpx2.AsyncClient
) -> None:
    made = await client.post("/api/v1/things")
    assert (made.status_code, made.headers["location"]) == (
        *(201, f"{service.root_path}/api/v1/things/7"),
    )
    refused = await client.post("/api/v1/things?a=1")
    assert refused.json()["type"] == f"{service.root_path}/problems/invalid"


async def test_a_cookie_is_for_the_path_alone(service: Service, client: httpx2.AsyncClient) -> None:
    account = {"email": EMAIL, "password": PASSWORD, "full_name": "Ana Example"}
    await client.post("/api/v1/auth/register", json=account)
    form = {"username": EMAIL, "password": account["password"]}
    answer = await client.post("/api/v1/auth/cookie", data=form, headers=OWN)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Secure-session=")
    assert f"; Path={service.root_path}; Secure; HttpOnly" in cookie
    sent = {"Cookie": cookie.partition(";")[0]}
    assert (await client.get("/api/v1/users/me", headers=sent)).status_code == 200
    left = await client.post("/api/v1/auth/logout", headers={**sent, **OWN})
    assert f"Path={service.root_path}" in left.headers["set-cookie"]


async def test_the_documentation_page_loads_its_files_from_below_the_path(
    service: Service, client: httpx2.AsyncClient
) -> None:
    page = (await client.get("/docs")).text
    links = re.findall(r"(?:src|href)='([^']+)'", page)
    assert links
    for link in links:
        assert (await client.get(link)).status_code == 200, link
    assert (await client.get("docs/start.js")).text.find('url: "openapi.json"') > 0


async def test_the_document_names_the_path(service: Service, client: httpx2.AsyncClient) -> None:
    document: Any = (await client.get("/openapi.json")).json()
    assert document["servers"] == [{"url": service.root_path}]
    schemes = document["components"]["securitySchemes"]
    token_url = schemes["password"]["flows"]["password"]["tokenUrl"]
    assert token_url == f"{service.root_path}/api/v1/auth/token"
    assert schemes["cookie"]["name"] == "__Secure-session"


@pytest.mark.parametrize("path", ["/page", "/mounted/page"])
async def test_a_mounted_application_builds_its_own_urls(
    service: Service, client: httpx2.AsyncClient, path: str
) -> None:
    seen, link = (await client.get(path)).text.split()
    assert seen == f"{service.root_path}{path}"
    assert link == f"https://example.com{service.root_path}{path}"


async def test_an_unknown_address_is_not_found(
    service: Service, client: httpx2.AsyncClient
) -> None:
    answer = await client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json()["type"] == f"{service.root_path}/problems/not_found"


async def test_a_probe_needs_neither_the_path_nor_the_host_name(service: Service) -> None:
    transport = httpx2.ASGITransport(app=service)
    async with httpx2.AsyncClient(transport=transport, base_url="http://10.0.0.7") as probe:
        assert (await probe.get("/health/live")).status_code == 200
