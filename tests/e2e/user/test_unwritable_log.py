"""A log line may be lost; the work that it describes continues."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import httpx2
import pytest
from sqlalchemy import select

from app.core.logging import configure_logging
from app.modules.user.infrastructure.tables import user_session
from tests.e2e.user.answers import problem
from tests.e2e.user.conftest import Post, Rows
from tests.support.logs import Full, separate_logging
from tests.support.people import Person


@contextmanager
def full_disk() -> Iterator[None]:
    with separate_logging(), redirect_stdout(Full(errno.ENOSPC)):
        configure_logging(level="DEBUG", json_lines=True)
        yield


async def test_users_can_sign_in_and_out(ana: Person, client: httpx2.AsyncClient) -> None:
    with full_disk():
        again = await Person.sign_in(client, "ana@example.com")
        assert (await again.get("/users/me")).status_code == 200
        assert (await again.post("/auth/logout")).status_code == 204


@pytest.mark.usefixtures("nothing_remembered")
async def test_a_refresh_token_that_is_used_twice_ends_its_session(
    ana: Person, refresh: Post, rows: Rows
) -> None:
    with full_disk():
        assert (await refresh(ana.refresh_token)).status_code == 200
        assert problem(await refresh(ana.refresh_token)) == (401, "invalid_refresh_token")
    [session] = await rows(select(user_session))
    assert session["revoked_at"] is not None
