"""The examples of docs/fastapi.md do what it says."""

import hashlib

import httpx2
import pytest

from app.core.http.service import Service
from tests.e2e.fastapi.examples.vouchers import ADMIN_PAGES
from tests.support.people import Person

# FastAPI behaves the same on every database.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


# --- A router of FastAPI's ----------------------------------------------------------------------


async def test_a_router_of_fastapi_requires_a_permission(
    client: httpx2.AsyncClient, ana: Person
) -> None:
    assert (await client.get("/api/v1/reports")).status_code == 401
    assert (await ana.get("/reports/report-7")).json() == {"name": "report-7", "rows": 7}


async def test_pages_are_those_of_fastapi_pagination(ana: Person) -> None:
    page = (await ana.get("/reports?rows=11&page=2&size=5")).json()
    assert [item["name"] for item in page["items"]] == [f"report-{n}" for n in range(16, 21)]
    assert (page["total"], page["pages"]) == (20, 4)
    assert page["items"][0].keys() == {"name", "rows"}


async def test_an_endpoint_gets_the_actor(ana: Person) -> None:
    assert (await ana.get("/reports/mine")).json() == ana.id


async def test_an_error_of_an_endpoint_is_a_problem_document(ana: Person) -> None:
    answer = await ana.get("/reports/none")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["detail"] == "There is no report none."
    assert (await ana.get("/reports?size=1000")).json()["code"] == "invalid"


def test_its_operations_are_in_the_document(service: Service) -> None:
    operation = service.openapi()["paths"]["/api/v1/reports"]["get"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == {"rows", "page", "size"}
    assert {"key": []} in operation["security"]


# --- Middleware and handlers --------------------------------------------------------------------


async def test_middleware_compresses_and_keeps_a_session(ana: Person) -> None:
    listed = await ana.get("/reports", headers={"Accept-Encoding": "gzip"})
    assert listed.headers["content-encoding"] == "gzip"
    printed = await ana.post("/reports/report-1/print")
    assert printed.json() == 1
    assert "session=" in printed.headers["set-cookie"]


async def test_a_handler_answers_an_error_of_the_project(ana: Person) -> None:
    cookie, answer = "", await ana.post("/reports/report-1/print")
    for _ in range(2):
        cookie = answer.headers["set-cookie"].partition(";")[0]
        answer = await ana.request("POST", "/reports/report-1/print", headers={"Cookie": cookie})
    assert (answer.status_code, answer.json()) == (409, {"reason": "out of stock"})


# --- What is mounted ----------------------------------------------------------------------------


async def test_files_are_served_with_a_policy_of_their_own(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/assets/style.css")
    assert (answer.text, answer.headers["cache-control"]) == ("body {}", "no-cache")
    assert answer.headers["content-security-policy"] == "default-src 'self'"


async def test_graphql_answers_signed_in_users_only(
    client: httpx2.AsyncClient, ana: Person
) -> None:
    query = {"query": "{ caller sum(numbers: [1, 2, 3]) }"}
    assert (await client.post("/graphql", json=query)).status_code == 401
    headers = {"Authorization": f"Bearer {ana.access_token}"}
    answer = await client.post("/graphql", json=query, headers=headers)
    assert answer.json()["data"] == {"caller": ana.id, "sum": 6}


async def test_the_pages_of_sqladmin_are_for_administrators(
    client: httpx2.AsyncClient, ana: Person, admin: Person
) -> None:
    statuses = []
    for person in (ana, admin):
        headers = {"Authorization": f"Bearer {person.access_token}"}
        answer = await client.get("/admin/voucher/list", headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [403, 200]
    assert "SPRING" in answer.text
    assert answer.headers["content-security-policy"] == ADMIN_PAGES


async def test_an_error_page_of_sqladmin_is_not_replaced(
    client: httpx2.AsyncClient, admin: Person
) -> None:
    headers = {"Authorization": f"Bearer {admin.access_token}"}
    answer = await client.get("/admin/nothing/list", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (
        *(404, "text/html; charset=utf-8"),
    )


# --- Files that are sent ------------------------------------------------------------------------


async def test_a_photo_may_be_longer_than_a_mebibyte(ana: Person) -> None:
    photo = b"\x89PNG" * 1024 * 1024
    answer = await ana.request(
        "POST", "/photos", files={"photo": ("a.png", photo)}, data={"title": "Holiday"}
    )
    assert answer.json() == {
        "owner": ana.id,
        "title": "Holiday",
        "sha256": hashlib.sha256(photo).hexdigest(),
    }
