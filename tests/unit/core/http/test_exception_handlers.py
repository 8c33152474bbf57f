"""Error handlers and overridden dependencies, as FastAPI's users write them."""

from typing import Any

import pytest
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from app.core.exceptions import Conflict, NotFound
from app.core.http.parameters import CurrentActor, current_actor
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC, Actor
from tests.support.raw import send
from tests.unit.core.http.conftest import ANA, Serve


class OutOfStock(Exception):
    """An error of a project, not of this service."""


async def out_of_stock() -> None:
    raise OutOfStock


async def conflict() -> None:
    raise Conflict


async def absent() -> None:
    raise NotFound


async def teapot() -> None:
    raise HTTPException(418)


@pytest.fixture(params=["a-router-of-ours", "a-router-of-fastapi"])
def app(serve: Serve, request: pytest.FixtureRequest) -> Service:
    ours, theirs, app = ApiRouter(), APIRouter(), serve()
    for endpoint in (out_of_stock, conflict, absent, teapot):
        path = f"/{endpoint.__name__}"
        if request.param == "a-router-of-ours":
            ours.get(path, endpoint, access=PUBLIC)
        else:
            theirs.get(path)(endpoint)
    app.add(ours)
    app.mount_router(theirs, access=PUBLIC)
    return app


async def test_an_error_with_a_handler_is_answered_by_it(app: Service) -> None:
    @app.exception_handler(OutOfStock)
    async def answer(request: Request, error: OutOfStock) -> Response:
        return JSONResponse({"path": request.url.path}, status_code=409)

    answered = await send(app, "GET", "/out_of_stock")
    assert (answered.status, answered.json()) == (409, {"path": "/out_of_stock"})
    assert answered.header("x-content-type-options") == "nosniff"
    assert (await send(app, "GET", "/conflict")).json()["code"] == "conflict"
    assert (await send(app, "GET", "/teapot")).json()["code"] == "http_error"


async def test_a_plain_function_as_handler_is_called_too(app: Service) -> None:
    app.add_exception_handler(Conflict, lambda *_: Response("sorry", status_code=409))
    assert (await send(app, "GET", "/conflict")).body == b"sorry"


async def test_a_handler_of_a_status_gets_errors_of_any_origin(app: Service) -> None:
    @app.exception_handler(404)
    async def page(request: Request, error: Exception) -> Response:
        return Response("nothing here", status_code=404)

    assert (await send(app, "GET", "/absent")).body == b"nothing here"
    assert (await send(app, "GET", "/nowhere")).body == b"nothing here"
    assert (await send(app, "GET", "/conflict")).json()["code"] == "conflict"


@pytest.mark.parametrize("key", [500, Exception])
async def test_a_handler_of_unexpected_errors_answers_and_the_error_is_reported(
    app: Service, reported: list[Exception], log_lines: list[Any], key: Any
) -> None:
    @app.exception_handler(key)
    async def sorry(request: Request, error: Exception) -> Response:
        return Response("sorry", status_code=500)

    assert (await send(app, "GET", "/out_of_stock")).body == b"sorry"
    assert [type(error) for error in reported] == [OutOfStock]
    assert log_lines[0]["event"] == "unexpected error"
    assert (await send(app, "GET", "/conflict")).json()["code"] == "conflict"


async def test_middleware_sees_the_answer_of_a_handler(app: Service) -> None:
    app.add_exception_handler(OutOfStock, lambda *_: Response(status_code=409))

    @app.middleware("http")
    async def mark(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-marked"] = "yes"
        return response

    assert (await send(app, "GET", "/out_of_stock")).header("x-marked") == "yes"


# --- Dependencies that a test puts others in place of -------------------------------------------

SIGNED_IN = (b"authorization", b"Bearer ana")


async def who(actor: CurrentActor) -> str:
    return str(actor.user_id)


async def test_a_dependency_that_a_plan_reads_can_be_overridden_like_any_other(
    serve: Serve,
) -> None:
    router = ApiRouter()
    router.get("/who", who, access=AUTHENTICATED)
    app = serve(router)
    somebody = Actor(app_id := ANA.session_id, ANA.session_id, frozenset())
    assert (await send(app, "GET", "/who", headers=[SIGNED_IN])).json() == str(ANA.user_id)
    app.dependency_overrides[current_actor] = lambda: somebody
    assert (await send(app, "GET", "/who", headers=[SIGNED_IN])).json() == str(app_id)
    app.dependency_overrides = {}
    assert (await send(app, "GET", "/who", headers=[SIGNED_IN])).json() == str(ANA.user_id)
