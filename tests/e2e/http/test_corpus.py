"""Every row of the corpus, sent byte by byte to the server as users start it."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.modules.note import PROCESS
from tests.support.people import PASSWORD
from tests.support.ports import free_port
from tests.support.server import Running
from tests.support.sockets import Reply, assert_still_answers, exchange, start

CORPUS: Final = Path(__file__).parents[1] / "corpus"
CANARY: Final = "c4n4ry"
METRICS: Final = {"Authorization": "Bearer the-tests-may-see-them"}
SECURITY: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


def rows(name: str) -> list[Any]:
    found: list[dict[str, Any]] = tomllib.loads((CORPUS / name).read_text("utf-8"))["request"]
    ids = [row["id"] for row in found]
    assert len(set(ids)) == len(ids), f"{name}: an id is there twice"
    return [pytest.param(row, id=row["id"]) for row in found]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """It logs everything."""
    token = METRICS["Authorization"].removeprefix("Bearer ")
    folder = tmp_path_factory.mktemp("server")
    running = start(folder, port, module=PROCESS, LOG_LEVEL="DEBUG", METRICS_TOKEN=token)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def client(server: Running, port: int) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


@pytest.fixture(scope="module")
def ana(client: httpx2.Client) -> str:
    """Her access token."""
    account = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana Example"}
    client.post("/api/v1/auth/register", json=account)
    form = {"username": "ana@example.com", "password": PASSWORD}
    token: str = client.post("/api/v1/auth/token", data=form).json()["access_token"]
    return token


def assert_is_refused(answer: Reply, row: dict[str, Any]) -> None:
    assert answer.status == row["status"], answer.whole[:600]
    headers = answer.headers
    is_of_oauth = "error" in row  # RFC 6749, section 5.2
    kind = "application/json" if is_of_oauth else "application/problem+json"
    assert headers["content-type"] == kind
    assert {name: headers.get(name) for name in SECURITY} == SECURITY
    assert headers["connection"] == "close"
    assert "server" not in headers
    problem = answer.json()
    wanted = {"type", "title", "status", "detail", "instance", "code"}
    wanted |= {"error", "error_description"} if is_of_oauth else set()
    assert problem.keys() == wanted | ({"errors"} if row["code"] == "invalid" else set())
    assert problem.get("error") == row.get("error")
    assert (problem["status"], problem["code"]) == (row["status"], row["code"])
    assert problem["instance"].endswith(headers["x-request-id"])
    assert CANARY.encode() not in answer.whole


@pytest.mark.parametrize("row", rows("raw.toml"))
def test_a_malformed_request_is_refused(server: Running, port: int, row: dict[str, Any]) -> None:
    sent = row["sent"]
    if "fill" in row:
        text, times = row["fill"]
        sent = sent.replace("<fill>", text * times).replace("<32k>", "a" * 32_768)
    assert_is_refused(exchange(port, sent.encode("latin-1")), row)
    assert_still_answers(port)


@pytest.mark.parametrize("row", rows("requests.toml"))
def test_a_request_with_one_error_is_refused(port: int, ana: str, row: dict[str, Any]) -> None:
    body = row.get("body", "").encode("latin-1")
    headers = {"Host": "test", "Connection": "close", **row.get("headers", {})}
    if "body" in row:
        headers["Content-Length"] = str(len(body))
    if "by" in row:
        headers["Authorization"] = f"Bearer {ana}"
    lines = [f"{row['line']} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    head = "".join(f"{line}\r\n" for line in lines).encode("latin-1")
    assert_is_refused(exchange(port, head + b"\r\n" + body), row)


def test_the_corpus_is_large() -> None:
    assert len(rows("raw.toml")) + len(rows("requests.toml")) >= 90


def test_no_value_of_the_corpus_is_in_the_logs(
    server: Running, client: httpx2.Client, ana: str
) -> None:
    """In what is logged at DEBUG; except for a path, which is logged if it leads to no route."""
    assert_still_answers(client.base_url.port or 0)
    lines = server.output.splitlines()
    assert [line for line in lines if CANARY in line.partition("path=")[0]] == []
    assert [line for line in lines if "Traceback" in line or "unexpected error" in line] == []
    assert [line for line in lines if " status=5" in line and "status=501" not in line] == []
    metrics = client.get("/metrics", headers=METRICS)
    assert metrics.status_code == 200
    assert CANARY not in metrics.text
    for secret in (ana, PASSWORD):
        assert secret not in server.output + metrics.text
