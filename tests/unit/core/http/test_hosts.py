"""The hosts that the service serves, and repeated headers."""

import pytest

from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.raw import Answer, send
from tests.unit.core.http.conftest import Serve


async def fine() -> dict[str, bool]:
    return {"fine": True}


def routes() -> ApiRouter:
    router = ApiRouter()
    for path in ("/fine", "/health/live", "/health/ready", "/metrics"):
        router.get(path, fine, access=PUBLIC)
    return router


@pytest.fixture
def app(serve: Serve) -> Service:
    """Serves two names and an address."""
    return serve(
        routes(), ingress=IngressPolicy(allowed_hosts=("api.example.com", "10.0.0.5", "[::1]"))
    )


@pytest.fixture
def open_app(serve: Serve) -> Service:
    return serve(routes())


def code_of(answer: Answer) -> tuple[int, str]:
    return answer.status, "" if answer.status == 200 else answer.json()["code"]


OURS = ["api.example.com", "API.example.com", "api.example.com:8443", "api.example.com."]
OURS += ["10.0.0.5", "10.0.0.5:8000", "[::1]", "[::1]:8000"]
FOREIGN = ["c4n4ry.example", "example.com", "x.api.example.com", "api.example.com.c4n4ry"]
FOREIGN += ["127.0.0.1", "[::2]", "localhost", "api-example.com", "xapi.example.com"]
NONSENSE = ["", " ", "a b", "a/b", "a@api.example.com", "api.example.com, c4n4ry", "<a>", "a:"]
NONSENSE += ["api.example.com:c4n4ry", "api.example.com:123456", "[::1", "::1", "a" * 254, "ÿ"]


@pytest.mark.parametrize("host", OURS)
async def test_an_allowed_host_is_answered(app: Service, host: str) -> None:
    assert (await send(app, "GET", "/fine", headers=[(b"host", host.encode())])).status == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/fine", "/nothing"])
async def test_a_foreign_host_is_refused_for_every_request(
    app: Service, host: str, path: str
) -> None:
    answer = await send(app, "GET", path, headers=[(b"host", host.encode())])
    assert code_of(answer) == (421, "misdirected_request")
    assert host.encode() not in answer.body + str(answer.headers).encode()


@pytest.mark.parametrize("host", NONSENSE)
@pytest.mark.parametrize("path", ["/fine", "/health/live"])
async def test_an_invalid_host_is_refused_everywhere(
    app: Service, open_app: Service, host: str, path: str
) -> None:
    for each in (app, open_app):
        answer = await send(each, "GET", path, headers=[(b"host", host.encode("latin-1"))])
        assert code_of(answer) == (400, "invalid_host")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
@pytest.mark.parametrize("host", ["10.1.2.3:8000", "c4n4ry.example"])
async def test_probes_and_scrapers_may_use_the_ip_address(
    app: Service, path: str, host: str
) -> None:
    assert (await send(app, "GET", path, headers=[(b"host", host.encode())])).status == 200


@pytest.mark.parametrize("host", OURS + FOREIGN)
async def test_without_a_list_any_host_is_allowed(open_app: Service, host: str) -> None:
    assert (await send(open_app, "GET", "/fine", headers=[(b"host", host.encode())])).status == 200


@pytest.mark.parametrize("second", [b"test", b"c4n4ry"])
async def test_two_host_headers_are_refused(open_app: Service, second: bytes) -> None:
    headers = [(b"host", b"test"), (b"Host", second)]
    assert code_of(await send(open_app, "GET", "/fine", headers=headers)) == (400, "invalid_host")


@pytest.mark.parametrize("name", ["Authorization", "Content-Type", "If-Match", "Idempotency-Key"])
async def test_a_single_valued_header_may_not_be_repeated(open_app: Service, name: str) -> None:
    headers = [(name.encode(), b"a"), (name.encode(), b"a")]
    answer = await send(open_app, "GET", "/fine", headers=headers)
    assert code_of(answer) == (400, "duplicate_header")


async def test_any_other_header_may_be_repeated(open_app: Service) -> None:
    headers = [(b"accept", b"text/html"), (b"accept", b"*/*"), (b"via", b"a"), (b"via", b"b")]
    assert (await send(open_app, "GET", "/fine", headers=headers)).status == 200
