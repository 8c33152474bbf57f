"""Changes of one process of the service, seen by another one."""

import time
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
import redis.asyncio

from tests.support.pair import Pair, pair_of_services, race, sign_in
from tests.support.people import PASSWORD
from tests.support.redis import RedisServer

SECOND = 1.0


@pytest.fixture(scope="module")
async def pair(
    another_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    address = another_database("postgresql", "pair")
    async with pair_of_services(tmp_path_factory.mktemp("pair"), DATABASE_URL=address) as pair:
        yield pair


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def is_refused_within_a_second(client: httpx2.AsyncClient, path: str, token: str) -> None:
    """Fail if it is accepted in a request that began over a second from now."""
    ended, began = time.monotonic(), time.monotonic()
    while (await client.get(path, headers=bearing(token))).status_code == 200:
        assert began - ended <= SECOND
        began = time.monotonic()


async def test_one_of_twenty_uses_of_a_token_on_two_processes_succeeds(pair: Pair) -> None:
    await race(pair, rounds=3)


async def test_an_ended_session_is_refused_by_the_other_process_within_a_second(
    pair: Pair,
) -> None:
    here, there = pair
    mine, other = await sign_in(here), await sign_in(there)
    assert (await there.get("/users/me", headers=bearing(other["access_token"]))).is_success
    answer = await here.delete("/auth/sessions", headers=bearing(mine["access_token"]))
    assert answer.status_code == 204
    await is_refused_within_a_second(there, "/users/me", other["access_token"])
    assert (await there.get("/users/me", headers=bearing(mine["access_token"]))).is_success


async def test_a_deleted_key_is_refused_by_the_other_process_within_a_second(
    pair: Pair,
) -> None:
    here, there = pair
    mine = bearing((await sign_in(here))["access_token"])
    draft = {"name": "Nightly report", "scopes": ["note:read"], "current_password": PASSWORD}
    key = (await here.post("/auth/keys", json=draft, headers=mine)).json()
    assert (await there.get("/notes", headers=bearing(key["key"]))).is_success
    answer = await here.delete(f"/auth/keys/{key['id']}", headers=mine)
    assert answer.status_code == 204
    await is_refused_within_a_second(there, "/notes", key["key"])


async def test_a_redis_that_lost_its_data_does_not_revive_a_session(
    another_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = RedisServer()
    address = another_database("postgresql", "flushed")
    folder = tmp_path_factory.mktemp("flushed")
    try:
        async with (
            pair_of_services(folder, DATABASE_URL=address, REDIS_URL=server.url) as pair,
            redis.asyncio.from_url(server.url) as connection,
        ):
            here, there = pair
            mine, other = await sign_in(here), await sign_in(there)
            await here.delete("/auth/sessions", headers=bearing(mine["access_token"]))
            await is_refused_within_a_second(there, "/users/me", other["access_token"])
            await connection.flushall()
            for client in pair:
                answer = await client.get("/users/me", headers=bearing(other["access_token"]))
                assert answer.status_code == 401
                body = {"refresh_token": other["refresh_token"]}
                assert (await client.post("/auth/refresh", json=body)).status_code == 401
                assert (
                    await client.get("/users/me", headers=bearing(mine["access_token"]))
                ).is_success
    finally:
        server.stop()
