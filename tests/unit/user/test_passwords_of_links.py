"""Guesses at the password of a link are limited."""

from collections.abc import Iterator
from typing import Final

import pytest

from app.core.identity.passwords import PasswordHasher
from app.core.limits import TooManyRequests
from app.modules.user.application.failed_sign_ins import FailedSignIns, FailureLimits
from app.modules.user.application.passwords_of_links import PasswordOfLink
from app.modules.user.domain.registrations import WrongPassword
from app.shared.infrastructure.limits.local import LocalLimiter
from tests.support.requests import request_at_hand

RIGHT, WRONG = "correct horse battery", "wrong horse battery"
LIMITS: Final = FailureLimits(per_account=3, per_client=100, total=100)


@pytest.fixture(autouse=True)
def request_of_its_own() -> Iterator[None]:
    with request_at_hand(client="192.0.2.1"):
        yield


@pytest.fixture
def failures() -> FailedSignIns:
    return FailedSignIns(LocalLimiter(), LIMITS)


@pytest.fixture
def password_of_link(failures: FailedSignIns) -> PasswordOfLink:
    return PasswordOfLink(PasswordHasher(memory_kib=16), failures)


@pytest.fixture
async def stored() -> str:
    return await PasswordHasher(memory_kib=16).hash(RIGHT)


async def test_after_too_many_guesses_the_correct_password_is_refused_too(
    password_of_link: PasswordOfLink, stored: str
) -> None:
    for _ in range(LIMITS.per_account):
        with pytest.raises(WrongPassword):
            await password_of_link.check(WRONG, stored, about="one")
    for password in (RIGHT, WRONG):
        with pytest.raises(TooManyRequests):
            await password_of_link.check(password, stored, about="one")
    await password_of_link.check(RIGHT, stored, about="another")


async def test_a_correct_password_is_refused_if_concurrent_guesses_reach_the_limit(
    password_of_link: PasswordOfLink, failures: FailedSignIns, stored: str
) -> None:
    class SlowHasher(PasswordHasher):
        async def verify(self, password: str, stored: str | None) -> bool:
            for _ in range(LIMITS.per_account):
                await failures.count("one")
            return await super().verify(password, stored)

    slow = PasswordOfLink(SlowHasher(memory_kib=16), failures)
    with pytest.raises(TooManyRequests):
        await slow.check(RIGHT, stored, about="one")
