"""Which pages of other origins may use the API, and the CORS headers of every answer."""

import pytest

from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC
from tests.support.raw import Answer, Headers, send
from tests.unit.core.http.conftest import Serve

APP = "https://app.example.com"
UNWELCOME = [
    *("https://c4n4ry.example", "http://app.example.com", "https://app.example.com:444", "null"),
    *("https://app.example.com.c4n4ry.example", "https://APP.example.com", "*", ""),
    *("https://app.example.com/", "https://xapp.example.com", "https://app.example.comc4n4ry"),
]


class Defect(Exception):
    pass


async def fine() -> dict[str, bool]:
    return {"fine": True}


async def defect() -> None:
    raise Defect


def routes() -> ApiRouter:
    router = ApiRouter()
    router.get("/things", fine, access=PUBLIC)
    router.post("/things", fine, access=AUTHENTICATED)
    router.get("/defect", defect, access=PUBLIC)
    return router


@pytest.fixture
def app(serve: Serve) -> Service:
    return serve(routes(), ingress=IngressPolicy(cors_origins=(APP, "https://other.example.com")))


def cors_of(answer: Answer) -> dict[str, str]:
    names = {name.decode() for name, _ in answer.headers}
    cors = {name for name in names if name.startswith("access-control-") or name == "vary"}
    return {name: answer.header(name) or "" for name in cors}


def preflight(origin: str, method: str) -> Headers:
    asked = (b"access-control-request-method", method.encode())
    return [(b"origin", origin.encode()), asked]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/things", 200),
        ("POST", "/things", 401),
        ("GET", "/nothing", 404),
        ("PUT", "/things", 405),
        ("GET", "/things?a=1", 422),
        ("GET", "/defect", 500),
    ],
)
async def test_a_page_of_an_allowed_origin_can_read_every_answer(
    app: Service, method: str, path: str, status: int
) -> None:
    answer = await send(app, method, path, headers=[(b"origin", APP.encode())])
    assert answer.status == status
    assert cors_of(answer) == {
        "vary": "origin",
        "access-control-allow-origin": APP,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": (
            "ETag, Location, X-Request-ID, RateLimit, RateLimit-Policy, Retry-After"
        ),
    }


@pytest.mark.parametrize("origin", UNWELCOME)
async def test_a_page_of_another_origin_gets_no_cors_headers(app: Service, origin: str) -> None:
    sent = [(b"origin", origin.encode())]
    for method, path in (("GET", "/things"), ("GET", "/nothing"), ("POST", "/things")):
        assert cors_of(await send(app, method, path, headers=sent)) == {"vary": "origin"}
    answer = await send(app, "OPTIONS", "/things", headers=preflight(origin, "GET"))
    assert (answer.status, cors_of(answer)) == (405, {"vary": "origin"})


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_a_preflight_returns_methods_and_headers_of_the_address(
    app: Service, method: str
) -> None:
    answer = await send(app, "OPTIONS", "/things", headers=preflight(APP, method))
    assert (answer.status, answer.body) == (204, b"")
    cors = cors_of(answer)
    assert cors["access-control-allow-origin"] == APP
    assert cors["access-control-allow-methods"] == "GET, HEAD, POST"
    assert "Authorization" in cors["access-control-allow-headers"]
    assert "If-Match" in cors["access-control-allow-headers"]
    assert cors["access-control-max-age"] == "600"
    assert answer.header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nothing", "GET", 404), ("/things", "DELETE", 405), ("/things", "get", 405)],
)
async def test_a_preflight_of_an_unknown_address_is_refused(
    app: Service, path: str, method: str, status: int
) -> None:
    answer = await send(app, "OPTIONS", path, headers=preflight(APP, method))
    assert answer.status == status
    assert answer.header("access-control-allow-methods") is None


async def test_an_options_request_that_is_no_preflight_is_a_405(app: Service) -> None:
    answer = await send(app, "OPTIONS", "/things", headers=[(b"origin", APP.encode())])
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, POST")
    got = await send(app, "GET", "/things", headers=preflight(APP, "POST"))
    assert got.status == 200


async def test_without_origins_there_are_no_cors_headers(serve: Serve) -> None:
    app = serve(routes())
    answer = await send(app, "GET", "/things", headers=[(b"origin", APP.encode())])
    assert cors_of(answer) == {}
    refused = await send(app, "OPTIONS", "/things", headers=preflight(APP, "GET"))
    assert (refused.status, cors_of(refused)) == (405, {})
