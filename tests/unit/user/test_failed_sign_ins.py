"""Which clients are refused after how many wrong passwords, and which never are."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.core.context import current_work
from app.core.limits import TooManyRequests
from app.modules.user.application.failed_reauthentications import FailedReauthentications
from app.modules.user.application.failed_sign_ins import FailedSignIns, FailureLimits
from app.shared.infrastructure.limits.local import LocalLimiter
from tests.support.requests import request_at_hand
from tests.support.watch import Watch

LIMITS = FailureLimits(per_account=10, per_client=2, total=30)
WINDOW = 300
ELSEWHERE = "203.0.113.1"


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def limiter(watch: Watch) -> LocalLimiter:
    return LocalLimiter(now=watch)


@pytest.fixture
def failures(limiter: LocalLimiter) -> FailedSignIns:
    return FailedSignIns(limiter, LIMITS)


@pytest.fixture(autouse=True)
def request_of_its_own() -> Iterator[None]:
    with request_at_hand():
        yield


async def fails(failures: FailedSignIns, account: str, *, of: str) -> bool:
    """Fail once; return whether the password was checked."""
    current_work.get().client = of
    try:
        await failures.refuse_after_too_many(account)
        await failures.count(account)
    except TooManyRequests:
        return False
    return True


async def may_try(failures: FailedSignIns, account: str, *, of: str) -> bool:
    current_work.get().client = of
    try:
        await failures.refuse_after_too_many(account)
    except TooManyRequests:
        return False
    return True


async def flood(failures: FailedSignIns, amount: int = LIMITS.total) -> None:
    """Let so many clients fail, each at its own account."""
    for number in range(amount):
        assert await fails(failures, f"flooded {number}", of=f"198.51.100.{number}")


# --- In all -------------------------------------------------------------------------------------


async def test_over_the_total_limit_a_client_without_failures_is_not_refused(
    failures: FailedSignIns,
) -> None:
    await flood(failures)
    assert await may_try(failures, "ana", of=ELSEWHERE)
    assert await may_try(failures, "flooded 0", of=ELSEWHERE)  # the account was tried by a stranger
    # the address is shared with a stranger
    assert await may_try(failures, "ana", of="198.51.100.0")
    assert not await may_try(failures, "flooded 0", of="198.51.100.1")


async def test_over_the_total_limit_a_client_may_fail_once_at_an_account(
    failures: FailedSignIns,
) -> None:
    await flood(failures)
    assert await fails(failures, "ana", of=ELSEWHERE)
    assert not await fails(failures, "ana", of=ELSEWHERE)
    assert await fails(failures, "ana", of="203.0.113.2")


async def test_one_of_concurrent_failures_over_the_total_limit_is_answered(
    failures: FailedSignIns,
) -> None:
    await flood(failures)
    current_work.get().client = ELSEWHERE
    await failures.refuse_after_too_many("ana")
    await failures.count("ana")
    with pytest.raises(TooManyRequests):
        await failures.count("ana")


async def test_below_the_total_limit_a_client_has_its_own_limit(
    failures: FailedSignIns,
) -> None:
    await flood(failures, LIMITS.total - LIMITS.per_client)
    for _ in range(LIMITS.per_client):
        assert await fails(failures, "ana", of=ELSEWHERE)


async def test_the_total_limit_ends_when_its_oldest_failures_expire(
    failures: FailedSignIns, watch: Watch
) -> None:
    await flood(failures)
    watch.seconds += WINDOW + 1
    assert await fails(failures, "flooded 0", of="198.51.100.0")


# --- Networks of IPv6 ---------------------------------------------------------------------------


async def test_networks_of_ipv6_have_the_limit_of_four_and_sixteen_clients(
    failures: FailedSignIns,
) -> None:
    async def failed(networks: list[str]) -> int:
        tries = [(f"{network}::{host}", network) for network in networks for host in (1, 2, 3)]
        return sum([await fails(failures, f"p {client}", of=client) for client, _ in tries])

    assert await failed(["2001:db8:0:0"]) == 2
    assert await failed([f"2001:db8:0:{subnet:x}" for subnet in range(1, 20)]) == 2 * 4 - 2
    site = [f"2001:db8:0:{customer:x}00" for customer in range(1, 30)]
    assert await failed(site) == 2 * 16 - 2 * 4
    assert not await may_try(failures, "ana", of="2001:db8:0:ffff::1")
    assert await may_try(failures, "ana", of="2001:db8:1::1")


async def test_a_refused_network_does_not_count_for_the_larger_one(
    failures: FailedSignIns,
) -> None:
    for number in range(100):
        await fails(failures, f"p{number}", of="2001:db8::1")
    assert await may_try(failures, "ana", of="2001:db8:0:1::1")


# --- Somebody signed in -------------------------------------------------------------------------


async def test_a_session_is_refused_after_as_many_failures_as_an_account(
    limiter: LocalLimiter, watch: Watch
) -> None:
    failures, session, another = FailedReauthentications(limiter, LIMITS), uuid4(), uuid4()
    for _ in range(LIMITS.per_account):
        await failures.refuse_after_too_many(session)
        await failures.count(session)
    with pytest.raises(TooManyRequests):
        await failures.refuse_after_too_many(session)
    with pytest.raises(TooManyRequests):
        await failures.count(session)
    await failures.refuse_after_too_many(another)
    watch.seconds += WINDOW + 1
    await failures.refuse_after_too_many(session)
