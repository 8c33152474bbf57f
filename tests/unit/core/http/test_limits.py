"""How often a caller may use a route, and what the answers say about it."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from fastapi import WebSocket

from app.core.http.ingress_policy import IngressPolicy
from app.core.http.parameters import CurrentActor
from app.core.http.rate_limit import RateLimit
from app.core.http.route_guard import RouteGuard
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.http.service import Service
from app.core.limits import Limit, TooManyRequests
from app.core.security import AUTHENTICATED, PUBLIC, scope
from app.shared.infrastructure.limits.local import LocalLimiter
from tests.support.raw import Answer, Headers, send
from tests.support.watch import Watch
from tests.unit.core.http.conftest import authenticate

ANA = (b"authorization", b"Bearer ana")


class Thing(Body):
    name: str


async def nothing() -> None:
    return


async def take(body: Thing) -> None:
    assert body


async def mine(actor: CurrentActor) -> None:
    assert actor


async def fail() -> None:
    raise ValueError("nobody thought of it")


async def open_websocket(app: Service, path: str) -> None:
    """Open one and do nothing else."""
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"test")],
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def ignore(_message: object) -> None: ...

    await app(scope, receive, ignore)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def app(watch: Watch) -> Service:
    router = ApiRouter("/things")
    router.get("/open", nothing, access=PUBLIC, status_code=204)
    router.get("/health", nothing, access=PUBLIC, counted=False, status_code=204)
    router.get("/broken", fail, access=PUBLIC, counted=False)
    router.get("/mine", mine, access=AUTHENTICATED, status_code=204)
    router.get("/write", mine, access=scope("note:write"), status_code=204)
    few, rate_limit = Limit("few", 2, per=60), RateLimit(5, watch)
    router.post("", take, access=PUBLIC, limit=few, status_code=204)
    app = Service(
        report=lambda error: None,
        ingress=IngressPolicy(trusted_proxies=[ip_network("127.0.0.1")], rate_limit=rate_limit),
        guard=RouteGuard(
            authenticate=authenticate, limiter=LocalLimiter(now=watch), rate_limit=rate_limit
        ),
    )
    app.add(router)
    return app


def by(address: str) -> tuple[bytes, bytes]:
    return (b"x-forwarded-for", address.encode())


def left(answer: Answer) -> tuple[int, int]:
    """Return how many requests are left, and for how many seconds."""
    said = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.header("ratelimit") or "")
    assert said
    assert answer.header("ratelimit-policy") == '"default";q=5;w=60'
    return int(said[1]), int(said[2])


async def test_each_answer_has_what_is_left_and_a_refusal_has_retry_after(
    app: Service, watch: Watch
) -> None:
    for expected in (4, 3, 2, 1, 0):
        answer = await send(app, "GET", "/things/open")
        assert (answer.status, left(answer)) == (204, (expected, 60))
    watch.seconds += 20.5
    answer = await send(app, "GET", "/things/open")
    assert (answer.status, answer.json()["code"]) == (429, "too_many_requests")
    assert left(answer) == (0, 40)
    assert answer.header("retry-after") == "40"
    watch.seconds += 39.5
    assert (await send(app, "GET", "/things/open")).status == 204


async def test_a_signed_in_user_is_counted_over_all_addresses(app: Service) -> None:
    for last in range(5):
        headers = [ANA, by(f"203.0.113.{last}")]
        assert (await send(app, "GET", "/things/mine", headers=headers)).status == 204
    answer = await send(app, "GET", "/things/mine", headers=[ANA])
    assert answer.status == 429
    assert (await send(app, "GET", "/things/open")).status == 204


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/things/mine", [], 401),
        ("/things/mine", [(b"authorization", b"Bearer bruno")], 401),
        ("/things/write", [ANA], 403),
        ("/things/open?x=1", [], 422),
    ],
)
async def test_a_refused_request_is_counted_too(
    app: Service, path: str, headers: Headers, status: int
) -> None:
    for expected in (4, 3, 2, 1, 0):
        answer = await send(app, "GET", path, headers=headers)
        assert (answer.status, left(answer)[0]) == (status, expected)
    assert (await send(app, "GET", path, headers=headers)).status == 429


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/nowhere", [], 404),
        ("DELETE", "/things/open", [], 405),
        ("GET", "/things/open", [(b"host", b"a"), (b"host", b"b")], 400),
        ("POST", "/things", [(b"content-length", b"9999999")], 413),
        ("GET", "/things/broken", [], 500),
    ],
)
async def test_a_request_that_is_refused_before_a_route_is_counted_too(
    app: Service, method: str, path: str, headers: Headers, status: int
) -> None:
    for expected in (4, 3, 2, 1, 0):
        answer = await send(app, method, path, headers=headers)
        assert (answer.status, left(answer)[0]) == (status, expected)
    answer = await send(app, method, path, headers=headers)
    assert (answer.status, answer.header("retry-after")) == (429, "60")
    assert (await send(app, "GET", "/things/open")).status == 429
    other = [*headers, by("203.0.113.5")]
    assert (await send(app, method, path, headers=other)).status == status


@pytest.mark.parametrize("path", ["/things/open", "/nowhere", "/things/health"])
async def test_refusals_of_one_client_are_logged_up_to_its_limit(
    app: Service, watch: Watch, log_lines: list[Any], path: str
) -> None:
    for _ in range(3):
        log_lines.clear()
        for _ in range(50):
            await send(app, "GET", path)
        refused = [line["status"] for line in log_lines if line["status"] == 429]
        assert (len(log_lines) - len(refused), len(refused)) == (5, path != "/things/health")
        watch.seconds += 61


async def test_no_client_has_more_websockets_logged_than_it_may_open(
    app: Service, watch: Watch, log_lines: list[Any]
) -> None:
    async def leave(websocket: WebSocket) -> None:
        await websocket.close()

    app.websocket("/leave", leave, access=PUBLIC, counted=False)
    for _ in range(2):
        log_lines.clear()
        for _ in range(50):
            await open_websocket(app, "/leave")
        assert [line["method"] for line in log_lines] == ["WEBSOCKET"] * 5
        watch.seconds += 61


async def test_health_is_not_counted(app: Service) -> None:
    for _ in range(20):
        answer = await send(app, "GET", "/things/health")
        assert (answer.status, answer.header("ratelimit")) == (204, None)


async def test_users_behind_a_proxy_do_not_share_a_limit(app: Service) -> None:
    for last in range(20):
        answer = await send(app, "GET", "/things/open", headers=[by(f"203.0.113.{last}")])
        assert left(answer)[0] == 4


async def test_a_forged_forwarded_header_gives_no_new_limit(app: Service) -> None:
    for last in range(5):
        headers = [by(f"203.0.113.{last}, 198.51.100.7")]
        assert (await send(app, "GET", "/things/open", headers=headers)).status == 204
    answer = await send(app, "GET", "/things/open", headers=[by("6.6.6.6, 198.51.100.7")])
    assert answer.status == 429


async def test_a_limit_of_a_route_refuses_before_the_body_is_read(
    app: Service, watch: Watch
) -> None:
    asked = False

    def unread() -> Iterator[bytes]:
        nonlocal asked
        asked = True
        yield b""

    json = [(b"content-type", b"application/json")]
    for _ in range(2):
        assert (await send(app, "POST", "/things", headers=json, body=b"{}")).status == 422
    answer = await send(app, "POST", "/things", headers=json, body=unread())
    assert not asked
    assert (answer.status, answer.header("retry-after")) == (429, "60")
    other = [*json, by("203.0.113.5")]
    assert (await send(app, "POST", "/things", headers=other, body=b'{"name": "x"}')).status == 204
    watch.seconds += 61
    assert (await send(app, "POST", "/things", headers=json, body=b'{"name": "x"}')).status == 204


async def test_the_counters_of_many_callers_are_dropped(watch: Watch) -> None:
    rate_limit = RateLimit(5, watch)
    for caller in range(1_000):
        rate_limit.count(str(caller))
    watch.seconds += 61
    rate_limit.count("ana")
    assert len(rate_limit._counts) == 1


async def test_a_network_of_ipv6_has_the_limit_of_four_clients(app: Service) -> None:
    async def statuses(addresses: list[str]) -> list[int]:
        json = (b"content-type", b"application/json")
        sent = [[json, by(address)] for address in addresses]
        answers = [await send(app, "POST", "/things", headers=one, body=b"{}") for one in sent]
        return [answer.status for answer in answers]

    assert await statuses(["2001:db8::1", "2001:db8::2", "2001:db8::3"]) == [422, 422, 429]
    others = [f"2001:db8:0:{subnet:x}::1" for subnet in range(1, 9)]
    assert await statuses(others) == [422] * 6 + [429] * 2
    assert await statuses(["2001:db8:0:100::1"]) == [422]


def is_let_in(rate_limit: RateLimit, caller: str) -> bool:
    try:
        rate_limit.count(caller)
    except TooManyRequests:
        return False
    return True


def test_a_caller_over_the_limit_is_kept_when_many_others_come(watch: Watch) -> None:
    rate_limit = RateLimit(5, watch, most_callers=100)
    assert [is_let_in(rate_limit, "ana") for _ in range(6)] == [True] * 5 + [False]
    for caller in range(10_000):
        assert is_let_in(rate_limit, str(caller))
        assert len(rate_limit._counts) <= 100
    assert not is_let_in(rate_limit, "ana")


def test_new_callers_share_one_count_if_all_others_are_over_the_limit(watch: Watch) -> None:
    rate_limit = RateLimit(5, watch, most_callers=100)
    for caller in range(100):
        assert all(is_let_in(rate_limit, str(caller)) for _ in range(5))
    assert sum(is_let_in(rate_limit, f"newcomer {number}") for number in range(20)) == 5
    assert not any(is_let_in(rate_limit, str(caller)) for caller in range(100))
    watch.seconds += 61
    assert is_let_in(rate_limit, "newcomer 0")
