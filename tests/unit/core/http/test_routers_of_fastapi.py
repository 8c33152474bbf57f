"""A mounted router of FastAPI works as in FastAPI, behind an access policy."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.core.http.mounts import MountedRouter
from app.core.http.parameters import CurrentActor
from app.core.http.routing import UnusableRoute
from app.core.http.service import Service
from app.core.limits import Limit
from app.core.security import AUTHENTICATED, PUBLIC, scope
from tests.support.raw import Answer, send
from tests.unit.core.http.conftest import ANA, Serve

SIGNED_IN = (b"authorization", b"Bearer ana")
JSON = (b"content-type", b"application/json")


class Item(BaseModel):
    name: str
    price: float


class Stored(Item):
    secret: str


def pages(page: int = 1, size: int = 20) -> dict[str, int]:
    return {"page": page, "size": size}


async def tell_language(accept_language: Annotated[str, Header()] = "en") -> str:
    return accept_language


def items() -> APIRouter:
    router = APIRouter(prefix="/items", tags=["items"])

    @router.get("")
    def list_items(pages: Annotated[dict[str, int], Depends(pages)], q: str = "") -> Any:
        return {**pages, "q": q}

    @router.post("", response_model=Item, status_code=201)
    async def create_item(item: Item) -> Any:
        return Stored(**item.model_dump(), secret="s3cret")

    @router.get("/mine")
    async def mine(actor: CurrentActor) -> str:
        return str(actor.user_id)

    @router.delete("/{number}", status_code=204)
    async def delete_item(number: int, response: Response) -> None:
        response.headers["x-deleted"] = str(number)

    return router


@pytest.fixture
def app(serve: Serve) -> Service:
    app = serve()
    app.mount_router(items(), access=scope("note:read"), prefix="/shop")
    return app


async def get(app: Service, target: str, *headers: tuple[bytes, bytes]) -> Answer:
    return await send(app, "GET", target, headers=[SIGNED_IN, *headers])


async def test_its_endpoints_get_all_parameters_of_fastapi(app: Service) -> None:
    answer = await get(app, "/shop/items?page=2&q=pen")
    assert answer.json() == {"page": 2, "size": 20, "q": "pen"}


async def test_an_answer_has_only_the_fields_of_its_response_model(app: Service) -> None:
    body = b'{"name": "pen", "price": 1.5}'
    answer = await send(app, "POST", "/shop/items", headers=[SIGNED_IN, JSON], body=body)
    assert (answer.status, answer.json()) == (201, {"name": "pen", "price": 1.5})


async def test_its_endpoints_can_get_the_actor(app: Service) -> None:
    assert (await get(app, "/shop/items/mine")).json() == str(ANA.user_id)


async def test_a_header_that_an_endpoint_sets_is_sent(app: Service) -> None:
    answer = await send(app, "DELETE", "/shop/items/7", headers=[SIGNED_IN])
    assert (answer.status, answer.header("x-deleted")) == (204, "7")


async def test_its_access_policy_holds_for_each_of_its_routes(serve: Serve) -> None:
    app = serve()
    app.mount_router(items(), access=scope("note:write"))
    for method, path in [("GET", "/items"), ("POST", "/items"), ("DELETE", "/items/7")]:
        assert (await send(app, method, path)).status == 401
        assert (await send(app, method, path, headers=[SIGNED_IN])).status == 403


async def test_an_invalid_value_is_a_problem_document(app: Service) -> None:
    answer = await get(app, "/shop/items?page=first")
    assert answer.header("content-type") == "application/problem+json"
    assert (answer.status, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["parameter"] == "page"


async def test_another_method_is_refused_and_head_is_answered_as_everywhere(app: Service) -> None:
    answer = await send(app, "PUT", "/shop/items", headers=[SIGNED_IN])
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, POST")
    assert (await send(app, "HEAD", "/shop/items", headers=[SIGNED_IN])).status == 200


async def test_its_limit_holds(serve: Serve) -> None:
    app = serve()
    app.mount_router(items(), access=PUBLIC, body_limit=20)
    body = b'{"name": "a longer one", "price": 1.5}'
    assert (await send(app, "POST", "/items", headers=[JSON], body=body)).status == 413


async def test_a_dependency_can_be_overridden(app: Service) -> None:
    app.dependency_overrides[pages] = lambda: {"page": 9, "size": 9}
    assert (await get(app, "/shop/items")).json()["page"] == 9


def test_its_operations_are_documented_with_policy_and_problems(app: Service) -> None:
    operations = app.openapi()["paths"]["/shop/items"]
    assert operations["get"]["tags"] == ["items"]
    assert [parameter["name"] for parameter in operations["get"]["parameters"]] == [
        *("q", "page", "size")
    ]
    assert operations["get"]["security"]
    assert {"200", "401", "403", "422"} <= operations["get"]["responses"].keys()
    assert operations["post"]["responses"]["201"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Item"
    }


async def test_routers_inside_of_a_router_keep_their_prefixes_and_dependencies(
    serve: Serve,
) -> None:
    def stop() -> None:
        raise PermissionError

    inner, outer, app = APIRouter(prefix="/inner"), APIRouter(prefix="/outer"), serve()
    inner.get("/language")(tell_language)
    outer.include_router(inner)
    outer.include_router(inner, prefix="/closed", dependencies=[Depends(stop)])
    app.mount_router(outer, access=AUTHENTICATED)
    answer = await get(app, "/outer/inner/language", (b"accept-language", b"pt"))
    assert answer.json() == "pt"
    assert (await get(app, "/outer/closed/inner/language")).status == 500


async def test_its_own_class_of_routes_is_used(serve: Serve) -> None:
    class Timed(APIRoute):
        def get_route_handler(self) -> Callable[..., Any]:
            handle = super().get_route_handler()

            async def timed(request: Request) -> Any:
                response = await handle(request)
                response.headers["x-timed"] = "yes"
                return response

            return timed

    router, app = APIRouter(route_class=Timed), serve()
    router.get("/language")(tell_language)
    app.mount_router(router, access=PUBLIC)
    assert (await get(app, "/language")).header("x-timed") == "yes"
    assert (await send(app, "POST", "/language")).status == 405


async def test_its_lifespan_is_run_with_that_of_the_application(serve: Serve) -> None:
    ran = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        ran.append("began")
        yield
        ran.append("ended")

    router, app = APIRouter(lifespan=lifespan), serve()
    router.get("/language")(tell_language)
    app.mount_router(router, access=PUBLIC)
    async with app.router.lifespan_context(app):
        assert ran == ["began"]
    assert ran == ["began", "ended"]


async def test_a_route_of_starlette_in_it_is_guarded_too(serve: Serve) -> None:
    async def plain(_request: Request) -> Response:
        return PlainTextResponse("plain")

    router, app = APIRouter(routes=[Route("/plain", plain)]), serve()
    app.mount_router(router, access=AUTHENTICATED, prefix="/some")
    assert (await send(app, "GET", "/some/plain")).status == 401
    assert (await get(app, "/some/plain")).body == b"plain"
    assert (await send(app, "POST", "/some/plain", headers=[SIGNED_IN])).status == 405


async def test_the_path_of_a_route_is_found_by_its_name(app: Service) -> None:
    assert app.url_path_for("delete_item", number="7") == "/shop/items/7"


def test_a_duplicate_route_stops_the_start(serve: Serve) -> None:
    app = serve(MountedRouter(items(), access=PUBLIC))
    with pytest.raises(UnusableRoute, match="GET /items exists twice"):
        app.mount_router(items(), access=PUBLIC)


def test_a_router_with_a_limit_keeps_it(serve: Serve) -> None:
    app = serve(MountedRouter(items(), access=PUBLIC, limit=Limit("items", 1, per=60)))
    assert "429" in app.openapi()["paths"]["/items"]["get"]["responses"]
