"""The service on each database, with its own folder and no users."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest
import stamina

from tests.integration.task.world import World, inhabited
from tests.support.webhook_receiver import Receiver, receiving


class Inhabit(Protocol):
    def __call__(self, **settings: Any) -> AbstractAsyncContextManager[World]: ...


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):  # as many as in production
        yield


@pytest.fixture
def inhabit(database_url: str, clean_database: None, tmp_path: Path) -> Inhabit:
    """The service with other settings."""
    return lambda **settings: inhabited(database_url, tmp_path, **settings)


@pytest.fixture
async def world(inhabit: Inhabit) -> AsyncIterator[World]:
    async with inhabit() as world:
        yield world


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver
