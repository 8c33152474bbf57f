"""What an answer is made of, and what OpenAPI is told of it."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from starlette.responses import Response

from app.core.exceptions import AppError, Conflict, NotFound
from app.core.parameters import IfMatch
from app.core.routing import ApiRoute, ApiRouter
from app.core.security import AUTHENTICATED, PUBLIC, scope
from app.core.service import Service
from tests.support.raw import send
from tests.unit.core_http.conftest import Serve

SOME_ID = UUID("0190f5a0-0000-7000-8000-000000000001")


@dataclass
class Thing:
    id: UUID
    version: int


@dataclass
class Plain:
    text: str


class Things:
    async def get(self) -> Thing:
        return Thing(SOME_ID, 3)

    async def change(self, version: IfMatch) -> Thing:
        return Thing(SOME_ID, (version or 0) + 1)

    async def plain(self) -> Plain:
        return Plain("ç")

    async def nothing(self) -> None:
        return

    async def response(self) -> Response:
        return Response(b"as it is", status_code=299, headers={"x-own": "1"})


@pytest.fixture
def app(serve: Serve) -> Service:
    router, things = ApiRouter("/things"), Things()
    router.get("", things.get, access=PUBLIC)
    router.post("", things.get, access=PUBLIC, status_code=201, created_at="/things/{id}")
    router.put("", things.change, access=PUBLIC)
    router.delete("", things.nothing, access=PUBLIC, status_code=204)
    router.get("/plain", things.plain, access=PUBLIC)
    router.get("/response", things.response, access=PUBLIC)
    return serve(router)


async def test_an_answer_is_written_as_json(app: Service) -> None:
    answer = await send(app, "GET", "/things/plain")
    assert (answer.status, answer.body) == (200, '{"text":"ç"}'.encode())
    assert answer.header("content-type") == "application/json"
    assert answer.header("content-length") == str(len(answer.body))
    assert answer.header("etag") is None


async def test_an_answer_without_content_has_no_body(app: Service) -> None:
    answer = await send(app, "DELETE", "/things")
    assert (answer.status, answer.body) == (204, b"")
    assert (answer.header("content-type"), answer.header("content-length")) == (None, None)


async def test_a_response_goes_out_as_it_is(app: Service) -> None:
    answer = await send(app, "GET", "/things/response")
    assert (answer.status, answer.body, answer.header("x-own")) == (299, b"as it is", "1")


async def test_what_was_created_has_an_address(app: Service) -> None:
    answer = await send(app, "POST", "/things")
    assert (answer.status, answer.header("location")) == (201, f"/things/{SOME_ID}")


async def test_what_has_a_version_has_it_as_its_etag(app: Service) -> None:
    assert (await send(app, "GET", "/things")).header("etag") == '"3"'
    changed = await send(app, "PUT", "/things", headers=[(b"if-match", b'"3"')])
    assert changed.header("etag") == '"4"'


@pytest.mark.parametrize("seen", ['"3"', 'W/"3"', '"3-gzip"', '"1", "3"', '"1",W/"3"', "*"])
async def test_what_did_not_change_is_not_sent_again(app: Service, seen: str) -> None:
    answer = await send(app, "GET", "/things", headers=[(b"if-none-match", seen.encode())])
    assert (answer.status, answer.body, answer.header("etag")) == (304, b"", '"3"')


@pytest.mark.parametrize("seen", ['"2"', "3", "", '"33"', "w/3", "\xff"])
async def test_what_changed_is_sent(app: Service, seen: str) -> None:
    answer = await send(app, "GET", "/things", headers=[(b"if-none-match", seen.encode("latin-1"))])
    assert (answer.status, answer.json()["version"]) == (200, 3)


async def test_only_a_read_can_be_unchanged(app: Service) -> None:
    headers = [(b"if-match", b"*"), (b"if-none-match", b"*")]
    assert (await send(app, "PUT", "/things", headers=headers)).status == 200


# --- What OpenAPI is told -----------------------------------------------------------------------


def responses(route: ApiRoute) -> dict[int, str]:
    return {int(status): told["description"] for status, told in route.responses.items()}


def test_a_route_documents_what_can_come_of_it() -> None:
    raises: list[type[AppError]] = [NotFound, Conflict]
    route = ApiRoute(
        "/x", Things().change, methods=["PUT"], access=scope("task:write"), raises=raises
    )
    assert responses(route) == {
        400: "`malformed_request`",
        401: "`unauthenticated`",
        403: "`forbidden`, `cross_origin`",
        404: "`not_found`",
        409: "`conflict`, `concurrent_update`",
        412: "`stale_version`",
        422: "`invalid`",
        428: "`version_required`",
        429: "`too_many_requests`",
        503: "`unavailable`",
    }
    assert route.openapi_extra == {"security": [{"password": []}, {"cookie": []}, {"key": []}]}


def test_what_names_no_permission_documents_no_key() -> None:
    route = ApiRoute("/x", Things().get, methods=["GET"], access=AUTHENTICATED)
    assert route.openapi_extra == {"security": [{"password": []}, {"cookie": []}]}
    assert responses(route)[403] == "`session_required`"


def test_a_public_read_documents_less() -> None:
    route = ApiRoute("/x", Things().get, methods=["GET"], access=PUBLIC)
    assert sorted(responses(route)) == [304, 400, 422, 429, 503]
    assert route.openapi_extra is None
