"""Machines whose clocks differ, and one that is set back by an hour."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.modules.note import PROCESS
from tests.support.people import PASSWORD
from tests.support.server import Command, answering

PLACES: Final = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
)
ACCOUNT: Final = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana"}


@pytest.fixture(scope="module")
def library(note_tool: Callable[[str], None]) -> str:
    """libfaketime, which shows a process another time."""
    for place in PLACES:
        if Path(place).exists():
            note_tool("libfaketime")
            return place
    note_tool(missing := "no libfaketime: apt-get install libfaketime")
    pytest.skip(missing)


@contextmanager
def serving(folder: Path, address: str, library: str, clock: str) -> Iterator[httpx2.Client]:
    """A process whose clock differs; the time that passes is the same everywhere."""
    folder.mkdir()
    (folder / "clock").write_text(clock)
    settings = {
        "DATABASE_URL": address,
        "JWT_SECRET_KEY": "9f2c6b17e4d08a53c1b7f60e2a94d85b",
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "RATE_LIMITS": "false",
    }
    with (
        answering(Command(folder, settings, PROCESS, is_exec=True)) as (_, port),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        yield client


def set_clock(folder: Path, clock: str) -> None:
    (folder / "clock").write_text(clock)


@pytest.fixture
def address(another_database: Callable[[str, str], str]) -> str:
    return another_database("postgresql", "clocks")


def test_a_token_of_a_machine_whose_clock_differs_is_accepted_within_the_leeway(
    address: str, library: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        clients = [
            stack.enter_context(serving(tmp_path / name, address, library, clock))
            for name, clock in (("ahead", "+14s"), ("behind", "-14s"))
        ]
        registered = clients[0].post("/api/v1/auth/register", json=ACCOUNT)
        assert registered.status_code == 202
        for issuer in clients:
            form = {"username": ACCOUNT["email"], "password": PASSWORD}
            tokens = issuer.post("/api/v1/auth/token", data=form).json()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            for each in clients:
                assert each.get("/api/v1/users/me", headers=bearer).status_code == 200
                body = {"refresh_token": tokens["refresh_token"]}
                renewed = each.post("/api/v1/auth/refresh", json=body)
                assert renewed.status_code == 200
                tokens = renewed.json()


def test_a_clock_that_is_set_back_by_an_hour_breaks_nothing_that_goes_on(
    address: str, library: str, tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    with serving(folder, address, library, "+0s") as client:
        account = {**ACCOUNT, "email": "bruno@example.com"}
        assert client.post("/api/v1/auth/register", json=account).status_code == 202
        form = {"username": account["email"], "password": PASSWORD}
        set_clock(folder, "-3600s")
        assert client.get("/health/ready").status_code == 200
        tokens = client.post("/api/v1/auth/token", data=form).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.get("/api/v1/users/me", headers=bearer).status_code == 200
        note = client.post("/api/v1/notes", json={"title": "Lay the foundation"}, headers=bearer)
        assert note.status_code == 201
