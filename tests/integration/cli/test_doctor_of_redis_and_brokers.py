"""The doctor also checks Redis and the broker, if the settings name them."""

from collections.abc import Iterator
from typing import Final

import pytest
from redis import Redis
from sqlalchemy import make_url

from tests.integration.cli.conftest import Run, Set
from tests.integration.cli.test_doctor import findings, the_trouble
from tests.support.databases import text
from tests.support.ports import free_port
from tests.support.redis import RedisServer

PASSWORD: Final = "c4n4ry"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    started = RedisServer()
    yield started
    started.stop()


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Redis]:
    """Its settings, which are restored afterwards."""
    with Redis.from_url(server.url) as client:
        yield client
        client.config_set("maxmemory", 0)
        client.replicaof("NO", "ONE")


@pytest.fixture(autouse=True)
def sound(run: Run, set_to: Set) -> None:
    set_to(port=free_port())
    run("migrate")


@pytest.mark.parametrize(
    ("setting", "subject"), [("redis_url", "redis"), ("celery_broker_url", "broker")]
)
def test_a_redis_that_answers(
    run: Run, set_to: Set, server: RedisServer, setting: str, subject: str
) -> None:
    set_to(**{setting: server.url})
    result = run("doctor")
    assert (result.code, findings(result)[subject]) == (0, ("ok", "answers"))


def test_a_redis_that_refuses_the_password(run: Run, set_to: Set, server: RedisServer) -> None:
    set_to(redis_url=text(make_url(server.url).set(password=PASSWORD)))
    subject, seen = the_trouble(run("doctor"))
    assert subject == "redis"
    assert "refuses the user or the password" in seen
    assert "fix: mend REDIS_URL" in seen
    assert PASSWORD not in seen


def test_a_redis_that_is_full(run: Run, set_to: Set, server: RedisServer, redis: Redis) -> None:
    redis.config_set("maxmemory", 1)
    set_to(redis_url=server.url)
    assert the_trouble(run("doctor"))[1].startswith("this Redis is full | fix: raise maxmemory")


def test_a_redis_that_is_a_replica(
    run: Run, set_to: Set, server: RedisServer, redis: Redis
) -> None:
    redis.replicaof("127.0.0.1", "1")
    set_to(redis_url=server.url)
    assert the_trouble(run("doctor"))[1].endswith("fix: name its primary: REDIS_URL")


@pytest.mark.parametrize(
    "address", ["redis://127.0.0.1:1", "redis://db.invalid", "rediss://127.0.0.1:{port}/0"]
)
def test_a_redis_that_can_not_be_reached(
    run: Run, set_to: Set, server: RedisServer, address: str
) -> None:
    set_to(redis_url=address.format(port=make_url(server.url).port))
    subject, seen = the_trouble(run("doctor"))
    assert subject == "redis"
    assert seen.startswith("it does not answer as it should: ")
    assert "fix: start it, or mend host, port and scheme" in seen


def test_a_broker_that_can_not_be_reached(run: Run, set_to: Set) -> None:
    set_to(events="celery", celery_broker_url=f"amqp://ana:{PASSWORD}@127.0.0.1:1//")
    subject, seen = the_trouble(run("doctor"))
    assert subject == "broker"
    assert "fix: start it, or mend" in seen
    assert PASSWORD not in seen


class Refused(OSError):
    def __init__(self, code: int) -> None:
        self.code = code


@pytest.mark.parametrize(
    ("code", "fix"), [(530, "fix: mend the path of"), (403, "set_permissions -p VHOST")]
)
def test_a_rabbitmq_that_refuses(
    run: Run, set_to: Set, monkeypatch: pytest.MonkeyPatch, code: int, fix: str
) -> None:
    def refuse(_connection: object) -> None:
        raise Refused(code)

    monkeypatch.setattr("kombu.connection.Connection.connect", refuse)
    set_to(events="celery", celery_broker_url=f"amqp://ana:{PASSWORD}@rabbit.example.com/shop")
    subject, seen = the_trouble(run("doctor"))
    assert subject == "broker"
    assert fix in seen
    assert PASSWORD not in seen
