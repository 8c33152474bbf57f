"""Requests that are sent again after something went wrong: all together have one effect."""

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import make_url

from app.config.settings import load_settings
from app.container import ApplicationContainer
from app.main import create_app
from app.modules.user.application.one_time_tokens import issue
from app.modules.user.domain.one_time_tokens import TokenKind, TokenLifetimes
from app.shared.application.base_usecase import SystemClock
from app.shared.domain.value_objects import EmailAddress
from tests.modules.note import PROCESS
from tests.modules.note.container import ContainerWithNotes
from tests.support.cleaning import cleaner
from tests.support.databases import text
from tests.support.people import PASSWORD, Person
from tests.support.proxy import Proxy, proxy_of
from tests.support.server import Command, answering, served

DRAFT = {"title": "Lay the foundation"}
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, another_database: Callable[[str, str], str]) -> str:
    return another_database(request.param, "repeated")


@pytest.fixture
async def empty(address: str) -> None:
    async with cleaner(address) as clean:
        await clean()


def variables(address: str, **more: str) -> dict[str, str]:
    plain = {"DATABASE_URL": address, "RATE_LIMITS": "false", "LOG_LEVEL": "ERROR"}
    return {**plain, "JWT_SECRET_KEY": "k" * 64, **more}


@contextmanager
def running(folder: Path, settings: dict[str, str], module: str = PROCESS) -> Iterator[str]:
    """Run a process of the service while the block runs; return its address."""
    folder.mkdir(exist_ok=True)
    with answering(Command(folder, {**settings}, module)) as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def addresses(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two processes on one database."""
    folder = tmp_path_factory.mktemp("processes")
    with ExitStack() as stack:
        names = ("one", "another")
        yield [stack.enter_context(running(folder / n, variables(address))) for n in names]


@pytest.fixture
async def two(addresses: list[str], empty: None) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """A client of each of the processes."""
    clients = [httpx2.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) for url in addresses]
    yield clients
    for client in clients:
        await client.aclose()


async def register(client: httpx2.AsyncClient, name: str) -> httpx2.Response:
    account = {"email": f"{name}@example.com", "password": PASSWORD, "full_name": "A Person"}
    return await client.post("/api/v1/auth/register", json=account)


async def signed_in(client: httpx2.AsyncClient) -> Person:
    await register(client, "ana")
    return await Person.sign_in(client, "ana@example.com")


def at(client: httpx2.AsyncClient, person: Person) -> Person:
    return Person(client, person.access_token, person.refresh_token, person.id)


async def create(person: Person, key: str) -> httpx2.Response:
    return await person.request("POST", "/notes", json=DRAFT, headers={"idempotency-key": key})


async def until_created(person: Person, key: str) -> httpx2.Response:
    """Send the request again, as long as the answer is an error that asks for that."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                answer = await create(person, key)
            except httpx2.TransportError:
                await asyncio.sleep(0.01)
                continue
            if answer.status_code == 201:
                return answer
            assert answer.status_code in {409, 503}, answer.text
            await asyncio.sleep(0.01)


async def count(person: Person) -> int:
    total: int = (await person.get("/notes?with_total=true")).json()["total"]
    return total


def same(one: httpx2.Response, other: httpx2.Response) -> bool:
    names = ("etag", "location", "content-type")
    return one.content == other.content and [one.headers[name] for name in names] == [
        other.headers[name] for name in names
    ]


async def test_eight_at_once_on_two_processes_have_one_effect(
    two: list[httpx2.AsyncClient], rounds: Callable[[int], int]
) -> None:
    ana = await signed_in(two[0])
    people = [at(client, ana) for client in two]
    how_many = rounds(10)
    for number in range(how_many):
        key = f"key-{number}"
        answers = await asyncio.gather(*(create(people[n % 2], key) for n in range(8)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        last = await until_created(people[number % 2], key)
        assert all(same(each, last) for each in answers if each.status_code == 201)
    assert await count(ana) == how_many


async def test_eight_who_register_one_address_at_once_are_answered_alike(
    two: list[httpx2.AsyncClient], rounds: Callable[[int], int]
) -> None:
    for number in range(rounds(5)):
        answers = await asyncio.gather(*(register(two[n % 2], f"p{number}") for n in range(8)))
        assert {answer.status_code for answer in answers} <= {202, 503}  # 503: too busy to hash
        assert 202 in {answer.status_code for answer in answers}
        signed = await Person.sign_in(two[0], f"p{number}@example.com")
        assert signed.id


@pytest.fixture
async def container(address: str, tmp_path: Path) -> AsyncIterator[ApplicationContainer]:
    """A container, for the tokens that users get only by email."""
    given: dict[str, Any] = {k.lower(): v for k, v in variables(address, EVENTS="worker").items()}
    app = create_app(load_settings(_env_file=None, **given, data_dir=tmp_path))
    async with app.router.lifespan_context(app):
        yield app.state.container


async def link_to(container: ApplicationContainer, owner: str, wish: str) -> str:
    """Return the token that moves an account to the new address."""
    hour, now = dt.timedelta(hours=1), SystemClock().now()
    lifetimes = TokenLifetimes(verify=hour, reset=hour)
    async with container.user.uow() as uow:
        user = await uow.users.get_seen(UUID(owner), version=None)
        user.ask_for_address(EmailAddress(wish), now=now)
        await uow.users.save(user)
        kind = TokenKind.CHANGE_ADDRESS
        token = await issue(uow, user, kind, lifetimes=lifetimes, now=now)
        await uow.commit()
    return token.secret


async def test_of_eight_who_move_to_one_address_at_once_one_gets_it(
    two: list[httpx2.AsyncClient], container: ApplicationContainer, rounds: Callable[[int], int]
) -> None:
    people = []
    for number in range(8):
        await register(two[0], f"p{number}")
        people.append((await Person.sign_in(two[0], f"p{number}@example.com")).id)
    for number in range(rounds(3)):
        wish = f"wish-{number}@example.com"
        links = [await link_to(container, each, wish) for each in people]
        confirming = (
            two[n % 2].post(
                "/api/v1/auth/email/confirm", json={"token": link, "password": PASSWORD}
            )
            for n, link in enumerate(links)
        )
        answers = await asyncio.gather(*confirming)
        assert sorted(each.status_code for each in answers) == [204] + [400] * 7
        assert {each.json()["code"] for each in answers if each.content} == {"invalid_token"}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_process_that_dies_at_the_commit_leaves_all_or_nothing(
    two: list[httpx2.AsyncClient],
    address: str,
    tmp_path: Path,
    rounds: Callable[[int], int],
    when: str,
) -> None:
    ana = await signed_in(two[0])
    how_many = min(rounds(2), 50)  # each needs a process of its own, which takes time to start
    for number in range(how_many):
        settings = variables(address, FATAL=when)
        fatal = "tests.support.fatal_service"
        with running(tmp_path / f"fatal-{number}", settings, fatal) as url:
            async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as client:
                with pytest.raises(httpx2.TransportError):
                    await create(at(client, ana), f"fatal-{number}")
        assert await count(ana) == number + (when == "after")
        first = await until_created(ana, f"fatal-{number}")
        again = await until_created(at(two[1], ana), f"fatal-{number}")
        assert same(first, again)
        assert await count(ana) == number + 1


@pytest.fixture
async def cut_off(
    address: str, empty: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[httpx2.AsyncClient, Proxy | None]]:
    """The service, and a proxy between it and its database on PostgreSQL."""
    url, database = make_url(address), None
    async with proxy_of(url.host or "", url.port or 0) as proxy:
        if url.host:
            database, url = proxy, url.set(host="127.0.0.1", port=proxy.port)
        monkeypatch.chdir(tmp_path)
        given: dict[str, Any] = {k.lower(): v for k, v in variables(text(url)).items()}
        with served(
            create_app(load_settings(_env_file=None, **given), ContainerWithNotes)
        ) as where:
            async with httpx2.AsyncClient(base_url=where, timeout=PATIENCE_SECONDS) as client:
                yield client, database


async def test_whatever_is_cut_off_the_next_try_is_answered_as_the_first_would_have_been(
    cut_off: tuple[httpx2.AsyncClient, Proxy | None],
    rounds: Callable[[int], int],
    dice: random.Random,
) -> None:
    client, database = cut_off
    ana = await signed_in(client)
    how_many, lost = rounds(30), 0
    for number in range(how_many):
        key = f"key-{number}"
        trying = asyncio.create_task(create(ana, key))
        await asyncio.sleep(dice.uniform(0, 0.02))
        if database is not None and dice.random() < 0.5:
            async with database.away():
                pass
        else:
            trying.cancel()
        [first] = await asyncio.gather(trying, return_exceptions=True)
        answers = [await until_created(ana, key) for _ in range(2)]
        assert same(*answers)
        if isinstance(first, httpx2.Response) and first.status_code == 201:
            assert same(first, answers[0])
        else:
            lost += 1
    assert await count(ana) == how_many
    assert lost > 0
