"""Servers that answer as told; there is no wait between two attempts."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import stamina

from app.shared.application.http import HttpClient
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.external.guarded_transport import (
    GuardedTransport,
    Resolve,
    look_up,
)
from app.shared.infrastructure.external.http_client import GuardedHttpClient
from app.shared.infrastructure.external.retry_budget import RetryBudget
from tests.support.certificates import Authority
from tests.support.webhook_receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):  # as many as in production
        yield


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


MakeClient = Callable[..., HttpClient]


@pytest.fixture
async def client_of() -> AsyncIterator[MakeClient]:
    """Make clients, each with a directory of its own; they are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(*, allow_private: bool = True, resolve: Resolve = look_up) -> HttpClient:
            transport = GuardedTransport(resolve=resolve)
            client = GuardedHttpClient(transport, CircuitBreaker(), RetryBudget())
            stack.push_async_callback(client.close)
            return client.inside() if allow_private else client

        yield make


@pytest.fixture
def client(client_of: MakeClient) -> HttpClient:
    return client_of()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    authority = Authority(tmp_path)
    authority.trust(monkeypatch)
    return authority
