"""All routes in one table, and what holds for each; who may call them: test_access_matrix.py."""

from collections.abc import Iterator

import pytest

from app.core.http.routing import ApiRoute
from app.core.http.service import Service
from tests.support.manifest import manifests, things
from tests.support.raw import send

# A change of a route's path or access changes a line, here or in the module's manifest, where
# reviewers see it.
TABLE = """
GET    /docs                             public
GET    /docs/{name}                      public
GET    /health/live                      public
GET    /health/ready                     public
GET    /openapi.json                     public
GET    /problems/{code}                  public
GET    /metrics                          public

GET    /api/v1/admin/events                                 event:admin
GET    /api/v1/admin/events/handlers                        event:admin
POST   /api/v1/admin/events/handlers/{handler_id}/backfill  event:admin
POST   /api/v1/admin/events/handlers/{handler_id}/discard   event:admin
POST   /api/v1/admin/events/handlers/{handler_id}/pause     event:admin
POST   /api/v1/admin/events/handlers/{handler_id}/replay    event:admin
POST   /api/v1/admin/events/handlers/{handler_id}/resume    event:admin
POST   /api/v1/admin/events/handlers/{handler_id}/retry     event:admin
GET    /api/v1/admin/events/lag                             event:admin
GET    /api/v1/admin/events/streams                           event:admin
GET    /api/v1/admin/events/{delivery_id}                   event:admin
POST   /api/v1/admin/events/{delivery_id}/discard           event:admin
POST   /api/v1/admin/events/{delivery_id}/retry             event:admin

GET    /api/v1/jobs/{job_id}                                job:read
POST   /api/v1/jobs/{job_id}/cancel                         job:write
"""
TABLES = (TABLE, *(manifest.routes for manifest in manifests().values()))
ROWS = [tuple(line.split()) for table in TABLES for line in table.splitlines() if line]
SOME_ID = "0190f5a0-0000-7000-8000-000000000001"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"]


def address(path: str) -> str:
    names = {"name": "start.js", "code": "not_found", "handler_id": "user.end_sessions"}
    ids = dict.fromkeys(things(), SOME_ID)
    return path.format(delivery_id=1, job_id=SOME_ID, **ids, **names)


def methods_at(path: str) -> list[str]:
    """Every method that a route of the table has at this path."""
    others = {"/api/v1/users/me": "/api/v1/users/{user_id}"}  # a path that matches two routes
    methods = {row[0] for row in ROWS if row[1] in {path, others.get(path)}}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def paths() -> Iterator[str]:
    yield from dict.fromkeys(row[1] for row in ROWS)


def test_the_routes_are_those_of_the_table(service: Service) -> None:
    routes = [route for route in service.router.routes if isinstance(route, ApiRoute)]
    assert len(routes) == len(service.router.routes)
    found = [
        (method, route.path, route.access.name)
        for route in routes
        for method in route.methods_served
    ]
    assert sorted(found) == sorted(ROWS)


async def test_every_other_method_is_refused_with_the_list_of_methods(service: Service) -> None:
    for path in paths():
        for method in set(METHODS) - set(methods_at(path)):
            answer = await send(service, method, address(path))
            assert (answer.status, answer.json()["code"]) == (405, "method_not_allowed"), path
            assert answer.header("allow") == ", ".join(methods_at(path)), (method, path)


@pytest.mark.parametrize("around", ["{}/", "/{}", "{}//", "/.{}", "{}/x/y/z"])
async def test_a_similar_address_is_not_found_and_not_redirected(
    service: Service, around: str
) -> None:
    for path in paths():
        answer = await send(service, "GET", around.format(address(path)))
        assert answer.status == 404, (path, answer.status)
        assert answer.header("location") is None


async def test_addresses_are_case_sensitive(service: Service) -> None:
    for path in ("/API/v1/users", "/api/V1/users", "/Health/live", "/api/v1/users%20"):
        assert (await send(service, "GET", path)).status == 404
