"""What the application refuses at its construction."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.config.settings import Settings
from app.core.http.routing import UnusableRoute
from app.core.http.service import Service
from app.main import create_app


@pytest.fixture
def service(tmp_path: Path) -> Service:
    key = SecretStr("a key for tests only, and long enough")
    settings = Settings(_env_file=None, app_env="test", data_dir=tmp_path, jwt_secret_key=key)
    return create_app(settings)


async def test_a_route_that_was_added_later_needs_a_policy_too(service: Service) -> None:
    service.add_api_route("/open", lambda: None)
    with pytest.raises(UnusableRoute, match="without an access policy: /open"):
        await service({"type": "lifespan"}, receive, send)


async def receive() -> Any: ...


async def send(_message: object) -> None: ...
