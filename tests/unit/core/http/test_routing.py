"""Routes: access policies, methods and addresses."""

from collections.abc import Callable

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route

from app.core.http.parameters import CurrentActor
from app.core.http.routing import ApiRoute, ApiRouter, UnusableRoute
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC, scope
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve

ANA = (b"authorization", b"Bearer ana")


async def nothing() -> None:
    return


async def ask_who_calls(actor: CurrentActor) -> None:
    assert actor.permissions == {"note:read"}


@pytest.fixture
def app(serve: Serve) -> Service:
    router = ApiRouter("/things")
    for add in (router.get, router.post, router.put, router.patch, router.delete):
        add("", nothing, access=PUBLIC, status_code=204)
    router.get("/open", nothing, access=PUBLIC, status_code=204)
    router.get("/mine", ask_who_calls, access=AUTHENTICATED, status_code=204)
    router.get("/read", ask_who_calls, access=scope("note:read"), status_code=204)
    router.get("/write", ask_who_calls, access=scope("note:write"), status_code=204)
    return serve(router)


# --- Access -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/things/mine", "/things/read"])
async def test_a_caller_with_the_permission_is_accepted(app: Service, path: str) -> None:
    assert (await send(app, "GET", path, headers=[ANA])).status == 204


async def test_a_caller_without_the_permission_is_refused(app: Service) -> None:
    answer = await send(app, "GET", "/things/write", headers=[ANA])
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("scheme", [b"Bearer ", b"bearer ", b"BEARER ", b"Bearer  "])
async def test_the_name_of_the_scheme_is_case_insensitive(app: Service, scheme: bytes) -> None:
    headers = [(b"authorization", scheme + b"ana")]
    assert (await send(app, "GET", "/things/mine", headers=headers)).status == 204


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"ana",
        b"Bearer",
        b"Bearer ",
        b"Bearerana",
        b"Bearer\tana",
        b"Bearer ana ",
        b"Bearer ana ana",
        b"Bearer an\xc3\xa3",
        b"Basic YW5hOmFuYQ==",
        b"Bearer bruno",
    ],
)
async def test_an_invalid_credential_is_refused(app: Service, value: bytes | None) -> None:
    headers = [] if value is None else [(b"authorization", value)]
    answer = await send(app, "GET", "/things/mine", headers=headers)
    assert (answer.status, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.header("www-authenticate") == "Bearer"


async def test_a_public_route_ignores_credentials(app: Service) -> None:
    headers = [(b"authorization", b"Bearer nonsense")]
    assert (await send(app, "GET", "/things/open", headers=headers)).status == 204


def test_a_route_without_an_access_policy_cannot_be_created() -> None:
    with pytest.raises(TypeError, match="access"):
        ApiRouter().get("/open", nothing)


@pytest.mark.parametrize(
    "add",
    [
        pytest.param(lambda app: app.get("/open")(nothing), id="a-route-of-fastapi"),
        pytest.param(lambda app: app.include_router(router_of("/open")), id="a-router-of-fastapi"),
        pytest.param(
            lambda app: app.router.routes.append(Route("/open", nothing)),
            id="a-route-of-starlette",
        ),
        pytest.param(
            lambda app: app.router.routes.append(Mount("/open", FastAPI())), id="an-application"
        ),
        pytest.param(lambda app: app.router.websocket("/open")(nothing), id="a-websocket"),
    ],
)
async def test_an_application_with_a_route_that_names_no_policy_does_not_start(
    serve: Serve, add: Callable[[FastAPI], object]
) -> None:
    app = serve()
    add(app)
    with pytest.raises(UnusableRoute, match="without an access policy: /open; add them with"):
        async with app.router.lifespan_context(app):
            await send(app, "GET", "/open")


async def test_the_pages_of_fastapi_stop_the_start_without_a_policy() -> None:
    with pytest.raises(UnusableRoute, match=r"/openapi\.json, /docs"):
        await send(Service(report=print, openapi_url="/openapi.json", docs_url="/docs"), "GET", "/")


def router_of(path: str) -> APIRouter:
    router = APIRouter()
    router.get(path)(nothing)
    return router


def test_a_public_route_cannot_take_the_actor() -> None:
    with pytest.raises(UnusableRoute, match="/mine"):
        ApiRouter().get("/mine", ask_who_calls, access=PUBLIC)


async def test_a_route_that_was_never_mounted_refuses_every_caller(serve: Serve) -> None:
    app = serve()
    app.router.routes.append(ApiRoute("/mine", ask_who_calls, access=AUTHENTICATED))
    assert (await send(app, "GET", "/mine", headers=[ANA])).status == 401


# --- Methods and addresses ----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "QUERY", "PURGE", "get"])
async def test_an_unsupported_method_gets_the_list_of_methods(app: Service, method: str) -> None:
    answer = await send(app, method, "/things")
    assert (answer.status, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.header("allow") == "DELETE, GET, HEAD, PATCH, POST, PUT"


async def test_an_unsupported_method_is_refused_before_authentication(app: Service) -> None:
    answer = await send(app, "POST", "/things/mine")
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD")


async def test_head_is_answered_as_get_without_the_body(app: Service) -> None:
    got, head = await send(app, "GET", "/things"), await send(app, "HEAD", "/things")
    assert (head.status, head.body) == (got.status, b"")
    assert head.header("content-length") == got.header("content-length")


async def test_head_requires_the_same_access_as_get(app: Service) -> None:
    assert (await send(app, "HEAD", "/things/mine")).status == 401


@pytest.mark.parametrize("path", ["/", "/things/", "/thing", "//things", "/Things", "/things/x/y"])
async def test_another_address_is_not_found_and_not_redirected(app: Service, path: str) -> None:
    answer = await send(app, "GET", path)
    assert (answer.status, answer.json()["code"]) == (404, "not_found")
    assert answer.header("location") is None
