"""Deliveries that failed."""

from collections.abc import Awaitable, Callable

import pytest

from app.core.http.service import Service
from tests.support.dead_letters import leave_failed

Failed = Callable[[], Awaitable[list[int]]]


@pytest.fixture
def failed(service: Service, clean_database: None) -> Failed:
    """Leave a dead delivery and one that waits behind it; return the ids of both."""
    return lambda: leave_failed(service.state.container.database())
