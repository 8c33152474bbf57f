"""The page to read and try the API: its files are served here, and its policy fits."""

import re
from urllib.parse import urljoin

import httpx2
import orjson
import pytest

from app.core.http.service import Service
from app.shared.presentation.docs import DocsController

PAGE = "/docs"


def policy_of(answer: httpx2.Response) -> dict[str, str]:
    directives = answer.headers["content-security-policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


async def test_the_page_loads_nothing_from_other_hosts(client: httpx2.AsyncClient) -> None:
    page = await client.get(PAGE)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    links = [urljoin(PAGE, link) for link in re.findall(r"(?:src|href)='([^']+)'", page.text)]
    assert sorted(links) == [
        "/docs/favicon-32x32.png",
        "/docs/start.js",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
    ]
    types = {
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".png": "image/png",
    }
    for link in links:
        asset = await client.get(link)
        assert asset.status_code == 200
        assert asset.headers["content-type"] == types[link[link.rindex(".") :]]
        assert asset.headers["x-content-type-options"] == "nosniff"
        assert asset.content


async def test_its_content_security_policy_allows_only_what_it_needs(
    client: httpx2.AsyncClient,
) -> None:
    page = await client.get(PAGE)
    assert policy_of(page) == {
        "default-src": "'none'",
        "script-src": "'self'",  # so the page has no script between its own tags
        "style-src": "'self' 'unsafe-inline'",  # Swagger UI sets styles on its elements
        "img-src": "'self' data:",  # its style sheet has images inside
        "connect-src": "'self'",  # the document, and the requests that are tried
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert re.findall(r"<script(?! src=)|<style| on\w+=|javascript:", page.text) == []


async def test_the_page_shows_the_document_of_this_service(
    client: httpx2.AsyncClient, service: Service
) -> None:
    start = (await client.get("/docs/start.js")).text
    [address] = re.findall(r'url: "([^"]+)"', start)
    [element] = re.findall(r'dom_id: "#(\w+)"', start)
    assert f"id='{element}'" in (await client.get(PAGE)).text
    document = await client.get(address)
    assert (document.status_code, document.headers["content-type"]) == (200, "application/json")
    assert document.content == orjson.dumps(service.openapi())
    again = await client.get(address)
    assert again.content == document.content


async def test_files_are_cached_but_the_page_and_the_document_are_not(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.get("/docs/swagger-ui.css")).headers[
        "cache-control"
    ] == "public, max-age=86400"
    for path in (PAGE, "/openapi.json"):
        assert (await client.get(path)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["nothing.js", "index.html", "..", "__init__.py", "a" * 64])
async def test_no_other_file_is_served(client: httpx2.AsyncClient, name: str) -> None:
    answer = await client.get(f"/docs/{name}", follow_redirects=False)
    assert answer.status_code == 404


async def test_a_title_can_not_become_markup() -> None:
    page = await DocsController("<script>alert(1)</script>", dict).page()
    assert b"<script>alert" not in page.body
