"""What FastAPI's users write every day, tried as they try it: with its TestClient."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import get_ident
from typing import Annotated

import pytest
from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, Header, Request, Response
from fastapi.testclient import TestClient
from starlette.responses import FileResponse, JSONResponse, RedirectResponse

from app.core.http.routing import ApiRouter
from app.core.security import PUBLIC
from tests.unit.core.http.conftest import Serve

router = APIRouter(prefix="/shop")


class Pages:
    def __init__(self, page: int = 1, size: int = 20) -> None:
        self.page, self.size = page, size


async def connection(request: Request) -> AsyncIterator[str]:
    request.app.state.done.append("opened")
    try:
        yield "a row"
    finally:
        request.app.state.done.append("closed")


@router.get("/task")
async def leave_a_task(request: Request, tasks: BackgroundTasks) -> str:
    tasks.add_task(request.app.state.done.append, "task")
    return "answer"


@router.get("/row")
async def read(request: Request, row: Annotated[str, Depends(connection)]) -> str:
    request.app.state.done.append("read")
    return row


@router.get("/broken")
async def fail(row: Annotated[str, Depends(connection)]) -> None:
    raise ZeroDivisionError(row)


@router.get("/pages")
async def turn(pages: Annotated[Pages, Depends()]) -> list[int]:
    return [pages.page, pages.size]


@router.get("/seen")
async def see(response: Response, seen: Annotated[str, Cookie()] = "never") -> str:
    response.set_cookie("seen", "before", secure=True)
    return seen


@router.get("/agent")
async def agent(user_agent: Annotated[str, Header()]) -> str:
    return user_agent


async def thread_of_the_loop() -> int:
    return get_ident()


@router.get("/thread")
def blocks_the_loop(loop: Annotated[int, Depends(thread_of_the_loop)]) -> bool:
    return get_ident() == loop


@router.get("/prices")
async def prices(request: Request) -> FileResponse:
    return FileResponse(request.app.state.folder / "prices.csv", filename="prices.csv")


@router.get("/old")
async def move() -> RedirectResponse:
    return RedirectResponse("/shop/pages", 301)


@router.get("/later")
async def later() -> JSONResponse:
    return JSONResponse({"ready": False}, 202)


@pytest.fixture
def done() -> list[str]:
    """What was done, in its order."""
    return []


@pytest.fixture
def client(serve: Serve, done: list[str], tmp_path: Path) -> Iterator[TestClient]:
    ours = ApiRouter("/shop/ours")
    ours.get("/task", leave_a_task, access=PUBLIC, by_fastapi=True)
    ours.get("/thread", blocks_the_loop, access=PUBLIC, by_fastapi=True)
    app = serve(ours)
    app.mount_router(router, access=PUBLIC)
    app.state.done, app.state.folder = done, tmp_path
    (tmp_path / "prices.csv").write_text("pen;1.50")
    with TestClient(app, base_url="https://test", raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/shop/task", "/shop/ours/task"])
def test_a_background_task_runs(client: TestClient, done: list[str], path: str) -> None:
    assert client.get(path).json() == "answer"
    assert done == ["task"]


def test_a_dependency_with_yield_ends_after_the_endpoint(
    client: TestClient, done: list[str]
) -> None:
    assert client.get("/shop/row").json() == "a row"
    assert done == ["opened", "read", "closed"]


def test_a_dependency_with_yield_ends_if_the_endpoint_fails(
    client: TestClient, done: list[str]
) -> None:
    assert client.get("/shop/broken").json()["code"] == "internal_error"
    assert done == ["opened", "closed"]


def test_a_class_is_a_dependency(client: TestClient) -> None:
    assert client.get("/shop/pages?page=3").json() == [3, 20]


def test_a_cookie_is_set_and_read(client: TestClient) -> None:
    assert [client.get("/shop/seen").json() for _ in range(2)] == ["never", "before"]


@pytest.mark.parametrize("path", ["/shop/thread", "/shop/ours/thread"])
def test_an_endpoint_with_def_runs_in_a_thread(client: TestClient, path: str) -> None:
    assert client.get(path).json() is False


def test_a_header_is_read(client: TestClient) -> None:
    assert client.get("/shop/agent", headers={"User-Agent": "ana"}).json() == "ana"


def test_a_file_is_downloaded(client: TestClient) -> None:
    answer = client.get("/shop/prices")
    assert answer.text == "pen;1.50"
    assert answer.headers["content-disposition"] == 'attachment; filename="prices.csv"'


def test_a_response_goes_out_with_its_own_status(client: TestClient) -> None:
    answer = client.get("/shop/later")
    assert (answer.status_code, answer.json()) == (202, {"ready": False})


def test_a_redirect_leads_on(client: TestClient) -> None:
    answer = client.get("/shop/old")
    assert (str(answer.url), answer.json()) == ("https://test/shop/pages", [1, 20])
