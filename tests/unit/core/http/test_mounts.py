"""An application below a path: guarded, with its own Content-Security-Policy."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from app.core.http.bodies import BODY_BYTES
from app.core.http.mounts import MountedApp
from app.core.http.routing import ApiRouter, UnusableRoute
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC, scope
from tests.support.raw import send
from tests.unit.core.http.conftest import ANA, Serve

SIGNED_IN = (b"authorization", b"Bearer ana")
CSP = "default-src 'self'"
STRICT = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


async def nothing() -> None:
    return


def pages() -> FastAPI:
    pages = FastAPI()

    @pages.get("/", response_class=HTMLResponse)
    async def start(request: Request) -> str:
        return f"{request.scope['actor']} {request.url_for('start')}"

    @pages.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "short and stout")

    @pages.post("/upload")
    async def upload(request: Request) -> int:
        return len(await request.body())

    @pages.get("/defect")
    async def defect() -> None:
        raise ZeroDivisionError

    return pages


@pytest.fixture
def app(serve: Serve) -> Service:
    app = serve()
    app.mount("/pages", pages(), access=AUTHENTICATED, csp=CSP)
    return app


async def test_its_access_policy_is_checked_first(app: Service) -> None:
    assert (await send(app, "GET", "/pages/")).status == 401
    answer = await send(app, "GET", "/pages/", headers=[SIGNED_IN])
    assert answer.body.decode() == f"{ANA} http://test/pages/"


async def test_its_pages_have_its_own_content_security_policy(app: Service) -> None:
    answer = await send(app, "GET", "/pages/", headers=[SIGNED_IN])
    assert answer.header("content-security-policy") == CSP
    assert answer.header("x-content-type-options") == "nosniff"
    # With "no-referrer" a browser sends a form of the page with `Origin: null`.
    assert answer.header("referrer-policy") == "same-origin"
    refused = await send(app, "GET", "/pages/")
    assert refused.header("content-security-policy") == STRICT
    assert refused.header("referrer-policy") == "no-referrer"


async def test_its_own_error_pages_are_not_replaced(app: Service) -> None:
    answer = await send(app, "GET", "/pages/teapot", headers=[SIGNED_IN])
    assert (answer.status, answer.json()) == (418, {"detail": "short and stout"})


async def test_a_defect_in_it_is_reported_after_its_own_answer(
    app: Service, reported: list[Exception]
) -> None:
    answer = await send(app, "GET", "/pages/defect", headers=[SIGNED_IN])
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert [type(error) for error in reported] == [ZeroDivisionError]


async def test_a_body_for_it_has_a_limit(app: Service) -> None:
    for size, status in [(BODY_BYTES, 200), (BODY_BYTES + 1, 413)]:
        body = b"a" * size
        answer = await send(app, "POST", "/pages/upload", headers=[SIGNED_IN], body=body)
        assert answer.status == status


async def test_the_access_log_and_the_metrics_know_its_path(
    app: Service, log_lines: list[Any]
) -> None:
    await send(app, "GET", "/pages/teapot", headers=[SIGNED_IN])
    assert (log_lines[-1]["path"], log_lines[-1]["status"]) == ("/pages/teapot", 418)


async def test_files_are_served_and_cached_with_revalidation(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("body {}")
    app = serve()
    app.mount("/open", StaticFiles(directory=tmp_path), access=PUBLIC)
    app.mount("/own", StaticFiles(directory=tmp_path), access=scope("note:read"))
    answer = await send(app, "GET", "/open/style.css")
    assert (answer.body, answer.header("cache-control")) == (b"body {}", "no-cache")
    own = await send(app, "GET", "/own/style.css", headers=[SIGNED_IN])
    assert own.header("cache-control") == "private, no-cache"
    tag = (b"if-none-match", (answer.header("etag") or "").encode())
    assert (await send(app, "GET", "/open/style.css", headers=[tag])).status == 304
    assert (await send(app, "GET", "/open/none.css")).json()["code"] == "not_found"


async def test_an_application_at_the_root_gets_requests_without_an_earlier_route(
    serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<html>")
    router = ApiRouter("/things")
    router.get("", nothing, access=PUBLIC, status_code=204)
    app = serve(router)
    app.mount("/", StaticFiles(directory=tmp_path, html=True), access=PUBLIC, csp=CSP)
    assert (await send(app, "GET", "/things")).status == 204
    assert (await send(app, "GET", "/")).body == b"<html>"
    with pytest.raises(UnusableRoute, match=r"/other is never reached: mount / after it"):
        app.mount("/other", pages(), access=PUBLIC)


async def test_its_own_path_without_the_slash_leads_to_it(app: Service) -> None:
    page = await send(app, "GET", "/pages?a=1", headers=[SIGNED_IN])
    assert (page.status, page.header("location")) == (307, "/pages/?a=1")
    assert (await send(app, "GET", "/pages")).status == 401
    assert (await send(app, "POST", "/pages", headers=[SIGNED_IN])).status == 405
    assert (await send(app, "GET", "/pagesand")).status == 404


# --- What stops the start -----------------------------------------------------------------------


async def raw(scope: Scope, receive: Receive, send: Send) -> None: ...


@pytest.mark.parametrize("path", ["/things", "/things/{id}", "/things/mine/more"])
def test_a_mount_over_an_existing_path_stops_the_start(serve: Serve, path: str) -> None:
    router = ApiRouter(path)
    router.get("", nothing, access=PUBLIC)
    with pytest.raises(
        UnusableRoute, match=r"nothing can be mounted at /things: .* exists already"
    ):
        serve(router, MountedApp("/things", raw, access=PUBLIC))
    with pytest.raises(UnusableRoute, match="is never reached: mount /things after it"):
        serve(MountedApp("/things", raw, access=PUBLIC), router)


def test_a_path_with_the_same_beginning_is_another_path(serve: Serve) -> None:
    router = ApiRouter("/things-of-ana")
    router.get("", nothing, access=PUBLIC)
    serve(router, MountedApp("/things", raw, access=PUBLIC))


def test_a_mount_that_names_no_policy_stops_the_start(serve: Serve) -> None:
    with pytest.raises(UnusableRoute, match="/admin: name its access policy"):
        serve().mount("/admin", raw)


def test_a_path_without_its_slash_stops_the_start(serve: Serve) -> None:
    with pytest.raises(UnusableRoute, match=r"admin: a path of mount\(\) begins with"):
        serve().mount("admin", raw, access=PUBLIC)


def test_a_websocket_that_names_no_policy_stops_the_start(serve: Serve) -> None:
    with pytest.raises(UnusableRoute, match=r"/live: name its access policy: websocket\('/live'"):
        serve().websocket("/live")
