"""The whole service, tested as FastAPI's users test theirs: with its TestClient."""

import pytest
from fastapi.testclient import TestClient

from app.config.settings import Settings
from app.main import create_app
from tests.e2e.fastapi.examples.shop import Application, ShopSettings
from tests.support.people import PASSWORD

# What FastAPI does is the same on every database.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.mark.usefixtures("clean_database")
def test_a_person_registers_signs_in_and_uses_a_router(
    settings: Settings, shop: ShopSettings
) -> None:
    account = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana Example"}
    form = {"username": "ana@example.com", "password": PASSWORD}
    with TestClient(create_app(settings.with_modules(shop), Application)) as client:
        assert client.post("/api/v1/auth/register", json=account).status_code == 202
        token = client.post("/api/v1/auth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        report = client.get("/api/v1/reports/report-7").json()
    assert report == {"name": "report-7", "rows": 7}
