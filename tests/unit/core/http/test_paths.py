"""A path has one spelling, so that a proxy that protects it protects all of it."""

import string

import pytest

from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Line
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve

UNRESERVED = string.ascii_letters + string.digits + "-._~"


async def named(name: Line) -> dict[str, str]:
    return {"name": name}


@pytest.fixture
def app(serve: Serve) -> Service:
    router = ApiRouter()
    router.get("/things/{name}", named, access=PUBLIC)
    return serve(router)


@pytest.mark.parametrize("escape", [f"%{ord(each):02X}" for each in UNRESERVED + "/"])
async def test_unnecessary_percent_encoding_is_refused(app: Service, escape: str) -> None:
    for path in (f"/things/a{escape}", f"/things/a{escape.lower()}", f"/nothing/{escape}"):
        answer = await send(app, "GET", path)
        assert (answer.status, answer.json()["code"]) == (400, "path_misspelled"), path


@pytest.mark.parametrize(
    "escape", ["%", "%2", "%zz", "%%20", "%ff", "%C0%AF", "%ED%A0%80", "%u00e9"]
)
async def test_invalid_percent_encoding_is_refused(app: Service, escape: str) -> None:
    for path in (f"/things/{escape}", f"/nothing/{escape}"):
        answer = await send(app, "GET", path)
        assert (answer.status, answer.json()["code"]) == (400, "path_misspelled"), path


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [("a%20b", "a b"), ("%C3%A7%c3%a3o", "ção"), ("%7B%25%3f%23", "{%?#"), ("%F0%9F%8F%97", "🏗")],
)
async def test_necessary_percent_encoding_is_decoded(
    app: Service, escaped: str, meant: str
) -> None:
    answer = await send(app, "GET", f"/things/{escaped}")
    assert (answer.status, answer.json()) == (200, {"name": meant})


@pytest.mark.parametrize("end", ["%0A", "%0D%0A", "%0A%0A", "%20", "%00"])
async def test_a_path_with_a_suffix_is_another_path(serve: Serve, end: str) -> None:
    router = ApiRouter()
    router.get("/things", named_nothing, access=PUBLIC)
    for method in ("GET", "HEAD", "POST"):
        assert (await send(serve(router), method, f"/things{end}")).status == 404


async def named_nothing() -> None: ...
