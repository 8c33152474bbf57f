"""Whether the process runs, and whether it can do its work."""

import pytest

from app.core.http.service import Service
from app.shared.presentation.health import HealthController, health_routes
from tests.support.raw import send
from tests.unit.core.http.conftest import Serve


class Database:
    """Is ready, or says why it is not."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.asked = 0

    async def why_not(self) -> str | None:
        self.asked += 1
        return self.reason


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def app(serve: Serve, database: Database) -> Service:
    return serve(health_routes(HealthController(database.why_not)))


async def test_a_working_service_is_ready(app: Service) -> None:
    answer = await send(app, "GET", "/health/ready")
    assert (answer.status, answer.json()) == (200, {"status": "ready"})


async def test_a_service_that_is_not_ready_says_why_with_retry_after(
    app: Service, database: Database
) -> None:
    database.reason = "The database is empty; run: python -m app migrate"
    answer = await send(app, "GET", "/health/ready")
    assert (answer.status, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["detail"] == database.reason
    assert answer.header("retry-after") == "1"


async def test_a_process_is_live_in_any_state_of_its_database(
    app: Service, database: Database
) -> None:
    database.reason = "away"
    assert (await send(app, "GET", "/health/live")).json() == {"status": "alive"}
    assert database.asked == 0


async def test_many_concurrent_checks_cause_one_query(app: Service, database: Database) -> None:
    for _ in range(5):
        await send(app, "GET", "/health/ready")
    assert database.asked == 1


async def test_the_result_is_cached_for_a_short_time(
    app: Service, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HealthController, "REMEMBERED_SECONDS", 0)
    assert (await send(app, "GET", "/health/ready")).status == 200
    database.reason = "away"
    assert (await send(app, "GET", "/health/ready")).status == 503
    database.reason = None
    assert (await send(app, "GET", "/health/ready")).status == 200
