"""What the duration of a refused sign-in reveals, and how much many sign-ins slow down others."""

import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
import pytest
from sqlalchemy import text

from app.core.identity.passwords import PasswordHasher
from tests.modules.note import PROCESS
from tests.support import anybody
from tests.support.flood import flood, seconds_that_answers_take
from tests.support.people import PASSWORD
from tests.support.ports import free_port
from tests.support.server import Running
from tests.support.sockets import start

SAMPLES: Final = 300  # sign-ins of each kind
PEOPLE: Final = 200
PHASES: Final = 3
PHASE_SECONDS: Final = 20.0  # they all arrive in less than a hundredth of it
CLOSED: Final = """
UPDATE "user" SET is_active = false WHERE email IN ('bruno@example.com', 'davi@example.com')
"""
WEAKENED: Final = """
UPDATE "user" SET password_hash = :hash WHERE email IN ('carla@example.com', 'davi@example.com')
"""
MEBIBYTE: Final = 1024 * 1024
HASH_BYTES: Final = 19 * MEBIBYTE
CALM: Final = ["/api/v1/users/me", "/api/v1/notes"]


@dataclass
class Service:
    """A process of the service, and a client that has not signed in."""

    process: Running
    port: int
    client: httpx2.Client

    @property
    def memory(self) -> Counter[str]:
        """Return the memory that it uses (VmRSS) and the most that it used (VmHWM), in bytes."""
        status = Path(f"/proc/{self.process.process.pid}/status").read_text()
        lines = [line.split() for line in status.splitlines() if line.startswith("Vm")]
        return Counter({name.rstrip(":"): int(size) * 1024 for name, size, _ in lines})

    def sign_in(self, email: str, password: str) -> httpx2.Response:
        form = {"username": email, "password": password}
        return self.client.post("/api/v1/auth/token", data=form)


@dataclass(frozen=True)
class Flooded:
    """What a flood was answered, its bytes, and the p99 of other requests without and with it."""

    answers: Counter[int]
    grown: int
    before: float
    during: float


@pytest.fixture(scope="module")
def address(another_database: Callable[[str, str], str]) -> str:
    return another_database("postgresql", "measured")


@pytest.fixture(scope="module")
def service(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    port = free_port()
    settings = {
        "DATABASE_URL": address,
        "EVENTS": "worker",
        "LOG_LEVEL": "ERROR",
        "RATE_LIMITS": "false",
    }
    process = start(tmp_path_factory.mktemp("measured"), port, module=PROCESS, **settings)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for name in ("ana", "bruno", "carla", "davi"):
                account = {"email": f"{name}@example.com", "password": PASSWORD, "full_name": name}
                assert client.post("/api/v1/auth/register", json=account).status_code == 202
            yield Service(process, port, client)
    finally:
        process.kill()


async def test_unknown_wrong_and_disabled_take_the_same_time_also_with_a_weaker_hash(
    service: Service, address: str, dice: random.Random
) -> None:
    async with anybody.connected(address) as database:
        weaker = {"hash": await PasswordHasher(passes=1).hash(PASSWORD)}
        await database.execute(text(CLOSED))
        await database.execute(text(WEAKENED), weaker)
    kinds = {
        "unknown": ("nobody@example.com", PASSWORD),
        "wrong": ("ana@example.com", "wrong horse battery"),
        "disabled": ("bruno@example.com", PASSWORD),
        "wrong, weaker": ("carla@example.com", "wrong horse battery"),
        "disabled, weaker": ("davi@example.com", PASSWORD),
    }
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(SAMPLES):
        for kind in dice.sample(list(kinds), k=len(kinds)):
            started = time.perf_counter()
            assert service.sign_in(*kinds[kind]).status_code == 400
            taken[kind].append(time.perf_counter() - started)

    medians = {kind: statistics.median(each) for kind, each in taken.items()}
    print({kind: f"{seconds * 1000:.2f} ms" for kind, seconds in medians.items()})  # noqa: T201
    assert max(medians.values()) <= 1.05 * min(medians.values())


@pytest.fixture(scope="module")
async def flooded(service: Service) -> Flooded:
    """What happens to the service and to other clients while two hundred sign in at once."""
    # Not one of the two hundred accounts: if one has too many sessions, the oldest end.
    token = service.sign_in("carla@example.com", PASSWORD).json()["access_token"]
    people = [("ana@example.com", PASSWORD)] * PEOPLE
    calm, busy, answers = list[float](), list[float](), Counter[int]()

    async def measure(into: list[float]) -> None:
        into += await seconds_that_answers_take(service.port, token, CALM, lasting=PHASE_SECONDS)

    await measure([])  # warm up
    used = service.memory["VmRSS"]
    for _ in range(PHASES):  # in turns, so that other load on the machine affects both
        await measure(calm)
        with flood(service.port, people) as got:
            await measure(busy)
        answers += got
    grown = service.memory["VmHWM"] - used

    before, during = (statistics.quantiles(each, n=100)[-1] for each in (calm, busy))
    print(  # noqa: T201
        f"p99 {before * 1000:.1f} ms calm, {during * 1000:.1f} ms flooded; "
        f"at most {max(calm) * 1000:.0f} and {max(busy) * 1000:.0f} ms; "
        f"{grown / MEBIBYTE:.0f} MiB more; {dict(answers)}"
    )
    return Flooded(answers, grown, before, during)


def test_two_hundred_who_sign_in_at_once_cost_little_memory_and_no_error(flooded: Flooded) -> None:
    assert 200 in flooded.answers.keys() <= {200, 503}
    assert flooded.grown < (os.cpu_count() or 1) * HASH_BYTES + 64 * MEBIBYTE


def test_two_hundred_who_sign_in_at_once_cost_others_little_time(flooded: Flooded) -> None:
    assert flooded.during <= 2 * flooded.before
