"""Accountants."""

from collections.abc import Awaitable, Callable

import pytest

from tests.support.people import Person

SignUp = Callable[..., Awaitable[Person]]


@pytest.fixture
async def accountant(sign_up: SignUp) -> Person:
    return await sign_up("clara", "accountant")


@pytest.fixture
async def another_accountant(sign_up: SignUp) -> Person:
    return await sign_up("david", "accountant")
