"""If the database accepts requests and never answers, a sign-in still ends soon."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from app.config.settings import Settings
from app.core.identity.passwords import PasswordHasher
from app.main import create_app
from tests.support.cable import Cable
from tests.support.people import PASSWORD

FORM = {"username": "nobody@example.com", "password": PASSWORD}


def on(database: str, folder: Path) -> Settings:
    """The settings of a service with cheap hashes, whose database may take a minute."""
    settings = Settings(
        _env_file=None,
        database_url=SecretStr(database),
        database_timeout_seconds=60,
        data_dir=folder,
        events="worker",
        log_level="ERROR",
        rate_limits=False,
    )
    return settings.model_copy(update={"password_memory_kib": 16})


async def test_every_sign_in_is_answered_within_the_longest_wait(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the database's limit, here a minute, the last one would wait for half an hour."""
    monkeypatch.setattr(PasswordHasher, "LONGEST_WAIT", 0.3)
    cable = Cable(postgresql_url)
    async with cable.plugged_in() as url:
        app = create_app(on(url.render_as_string(hide_password=False), tmp_path))
        transport = httpx2.ASGITransport(app=app)
        client = httpx2.AsyncClient(transport=transport, base_url="http://test")
        assert (await client.post("/api/v1/auth/token", data=FORM)).status_code == 400
        cable.cut()
        async with asyncio.timeout(20):
            asked = [client.post("/api/v1/auth/token", data=FORM) for _ in range(60)]
            answers = await asyncio.gather(*asked)
    told = Counter((answer.status_code, answer.json()["code"]) for answer in answers)
    assert told == {(503, "overloaded"): 60}
