"""The brokers that Celery is tried on."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from celery import Celery
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import make_url

from app.shared.infrastructure.events.delivery.celery.broker import forget_messages
from tests.support.databases import text
from tests.support.proxy import Proxy, proxy_of
from tests.support.redis import RedisServer

LOCAL_RABBITMQ: Final = "amqp://guest:guest@127.0.0.1:5672//"


class NoBroker(Exception):
    """There is none of the kind; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker behind a proxy, through which all of the test's processes reach it."""

    url: SecretStr
    label: str
    proxy: Proxy
    server: RedisServer | None = None
    """Where it is ours alone, to do with as we like."""

    async def restart(self) -> None:
        """Have it gone and back: empty if it is ours, else only parted from who talked to it."""
        async with self.proxy.away():
            if self.server is not None:
                await asyncio.to_thread(self.server.restart)

    async def forget(self, celery: Celery) -> None:
        """Have it lose everything if it is ours, else what waits in the service's queue."""
        if self.server is None:
            await asyncio.to_thread(forget_messages, celery)
            return
        async with Redis.from_url(self.server.url) as client:
            await client.flushall()


BrokerOf: TypeAlias = Callable[[str], AbstractAsyncContextManager[Broker]]
"""What the fixture `broker_of` gives a test: a broker of a kind."""


@asynccontextmanager
async def reach(kind: str) -> AsyncIterator[Broker]:
    """A broker of the kind. Raises NoBroker."""
    async with REACH[kind]() as (address, label, server):
        url = make_url(address)
        async with proxy_of(url.host or "", url.port or PORTS[kind]) as proxy:
            through = url.set(host="127.0.0.1", port=proxy.port)
            yield Broker(SecretStr(text(through)), label, proxy, server)


class Reached(NamedTuple):
    address: str
    label: str
    server: RedisServer | None = None


@asynccontextmanager
async def _redis() -> AsyncIterator[Reached]:
    if address := os.environ.get("TEST_REDIS_URL"):
        async with Redis.from_url(address) as client:
            version = (await client.info("server"))["redis_version"]
        yield Reached(address, f"Redis {version} (from TEST_REDIS_URL)")
        return
    server = RedisServer()
    try:
        yield Reached(server.url, server.label, server)
    finally:
        server.stop()


@asynccontextmanager
async def _rabbitmq() -> AsyncIterator[Reached]:
    address = os.environ.get("TEST_AMQP_URL")
    try:
        version = await asyncio.to_thread(_version_of_rabbitmq, address or LOCAL_RABBITMQ)
    except Exception as error:
        if address:
            raise
        raise NoBroker("no RabbitMQ on 127.0.0.1:5672, nor in TEST_AMQP_URL") from error
    yield Reached(address or LOCAL_RABBITMQ, f"RabbitMQ {version}")


def _version_of_rabbitmq(address: str) -> str:
    with Celery(broker=address).connection_for_read(connect_timeout=2) as connection:
        connection.ensure_connection(max_retries=0)
        return str(connection.connection.server_properties["version"])


PORTS: Final = {"redis": 6379, "rabbitmq": 5672}
REACH: Final = {"redis": _redis, "rabbitmq": _rabbitmq}


# --- What lies there ----------------------------------------------------------------------------


def waiting_in(celery: Celery) -> int:
    """How many messages wait in the service's queues."""
    return sum(waiting_in_each(celery).values())


def waiting_in_each(celery: Celery) -> dict[str, int]:
    """How many messages wait in each of the service's queues, by its name."""
    with celery.connection_for_read() as connection:
        return {
            name: int(queue.bind(connection.default_channel).queue_declare().message_count)
            for name, queue in celery.amqp.queues.items()
        }


def empty(celery: Celery) -> None:
    """Lose what waits in the service's queues."""
    with celery.connection_for_write() as connection:
        for queue in celery.amqp.queues:
            connection.default_channel.queue_purge(queue)


def remove(celery: Celery) -> None:
    """Leave nothing of the service on the broker."""
    with celery.connection_for_write() as connection:
        for queue in celery.amqp.queues:
            connection.default_channel.queue_delete(queue)
        connection.default_channel.exchange_delete(celery.conf.task_default_queue)
