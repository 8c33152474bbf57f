import asyncio
import math
import os
import sys
import threading
import time
from collections.abc import AsyncIterator

import pytest

from app.core.exceptions import Overloaded
from app.core.identity.passwords import PasswordHasher
from app.core.wait_budget import WaitBudget

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """No queue takes too long, however slow the machine is when it measures a hash."""
    monkeypatch.setattr(PasswordHasher, "LONGEST_QUEUE", math.inf)


async def is_right(hasher: PasswordHasher, password: str, stored: str | None) -> bool:
    return await hasher.verify(password, stored)


@pytest.fixture(scope="module")
async def hasher() -> AsyncIterator[PasswordHasher]:
    """With the weakest parameters of argon2: the tests do not depend on the cost."""
    hasher = PasswordHasher(memory_kib=8, passes=1)
    yield hasher
    await hasher.close()


@pytest.mark.parametrize("password", [PASSWORD, "", "pãssphräse 日本", "a\x00b", "x" * 10_000])
async def test_only_the_right_password_is_accepted(hasher: PasswordHasher, password: str) -> None:
    stored = await hasher.hash(password)
    assert await is_right(hasher, password, stored)
    for other in (password + " ", password.upper() + "x", password[1:] + "y"):
        assert not await is_right(hasher, other, stored)


async def test_a_password_is_not_cut_at_its_zero_or_at_its_length(hasher: PasswordHasher) -> None:
    assert not await is_right(hasher, "a\x00c", await hasher.hash("a\x00b"))
    assert not await is_right(hasher, "x" * 100 + "b", await hasher.hash("x" * 100 + "a"))


async def test_a_hash_is_argon2id_and_never_the_same_twice(hasher: PasswordHasher) -> None:
    first, second = await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert first != second


async def test_the_default_parameters_are_those_of_owasp() -> None:
    hasher = PasswordHasher()
    assert hasher._dummy_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await hasher.close()


@pytest.mark.parametrize("password", [PASSWORD, "the password of nobody at all"])
async def test_no_password_is_accepted_without_a_stored_hash(
    hasher: PasswordHasher, password: str
) -> None:
    assert await hasher.verify(password, None) is False


@pytest.mark.parametrize(
    "stored",
    [
        "garbage",
        "plain text " + PASSWORD,
        PASSWORD,
        "$argon2id$garbage",
        "$argon2id$v=19$m=8,t=1,p=1$",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$!!!!",
        "$argon2id$v=99$m=8,t=1,p=1$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=99999999999,t=1,p=1$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
        "$2b$12$abcdefghijklmnopqrstuu",
        "\x00",
        "é",
        "\ud800",
    ],
)
async def test_no_password_is_accepted_with_an_invalid_hash(
    hasher: PasswordHasher, stored: str
) -> None:
    assert await hasher.verify(PASSWORD, stored) is False
    assert hasher.is_outdated(stored)


async def test_a_hash_of_other_parameters_is_outdated(hasher: PasswordHasher) -> None:
    stronger = PasswordHasher(memory_kib=16, passes=1)
    weak, strong = await hasher.hash(PASSWORD), await stronger.hash(PASSWORD)
    assert await is_right(stronger, PASSWORD, weak)
    assert not await is_right(stronger, "wrong", weak)
    assert (stronger.is_outdated(weak), stronger.is_outdated(strong)) == (True, False)
    await stronger.close()


async def test_a_weaker_hash_takes_as_long_to_check_as_a_current_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It measures processor time, which does not depend on other load."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # one thread, whose time can be read
    hasher, weaker = PasswordHasher(), PasswordHasher(memory_kib=8, passes=1)
    weak, today = await weaker.hash(PASSWORD), await hasher.hash(PASSWORD)

    async def cost(password: str, stored: str | None) -> float:
        before = await hasher._run(time.thread_time)
        await hasher.verify(password, stored)
        return await hasher._run(time.thread_time) - before

    unknown = min([await cost(PASSWORD, None) for _ in range(3)])
    for password, stored in (("wrong", weak), (PASSWORD, weak), ("wrong", today), ("x", "garbage")):
        assert await cost(password, stored) > 0.7 * unknown
    for one in (hasher, weaker):
        await one.close()


async def test_the_wait_for_a_hash_is_limited() -> None:
    hasher, never = PasswordHasher(memory_kib=8, passes=1), asyncio.Event()

    async def look_for_ever() -> None:
        budget = WaitBudget(0.1)
        async with hasher.slot(budget), budget.waiting():
            await never.wait()

    everybody = [look_for_ever() for _ in range(hasher._most)]
    async with asyncio.timeout(10):
        ends = await asyncio.gather(*everybody, return_exceptions=True)
    assert {type(end) for end in ends} == {Overloaded}
    async with hasher.slot(WaitBudget(0.1)):  # all slots are free again
        await asyncio.sleep(0.15)  # like a hash that takes long
    await hasher.close()


async def test_the_wait_for_a_thread_is_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PasswordHasher, "LONGEST_WAIT", 0.1)
    hasher, release = PasswordHasher(memory_kib=8, passes=1), threading.Event()
    busy = [asyncio.create_task(hasher._run(release.wait)) for _ in range(hasher._threads + 1)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await hasher.hash(PASSWORD)
    assert not any(work.done() for work in busy)  # a running hash has no time limit
    release.set()
    assert await asyncio.gather(*busy) == [True] * len(busy)
    await hasher.close()


async def test_as_many_hashes_run_as_there_are_threads_and_a_limited_number_waits() -> None:
    hasher = PasswordHasher(memory_kib=8, passes=1)
    loop, release = asyncio.get_running_loop(), threading.Event()
    started: asyncio.Queue[None] = asyncio.Queue()

    def work() -> None:
        loop.call_soon_threadsafe(started.put_nowait, None)
        release.wait()

    accepted = [asyncio.create_task(hasher._run(work)) for _ in range(hasher._most)]
    for _ in range(hasher._threads):
        await started.get()
    refused = asyncio.create_task(hasher.hash(PASSWORD))
    await asyncio.sleep(0)  # one turn of the loop: it is refused before it waits
    all_threads_are_held, is_refused = started.empty(), refused.done()
    release.set()
    await asyncio.gather(*accepted)

    assert all_threads_are_held
    assert is_refused
    with pytest.raises(Overloaded):
        await refused
    assert await is_right(hasher, PASSWORD, await hasher.hash(PASSWORD))
    await hasher.close()


async def test_a_reserved_slot_counts_and_begins_in_its_turn() -> None:
    hasher = PasswordHasher(memory_kib=8, passes=1)
    release, begun = asyncio.Event(), 0

    async def stay() -> None:
        nonlocal begun
        async with hasher.slot(WaitBudget(60)):
            begun += 1
            await release.wait()
            await hasher.hash(PASSWORD)  # each of them gets a turn

    staying = [asyncio.create_task(stay()) for _ in range(hasher._most)]
    for _ in range(5 * hasher._most):  # more than enough for all to have entered
        await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        async with hasher.slot(WaitBudget(60)):
            pass
    assert begun == hasher._threads + 1
    release.set()
    await asyncio.gather(*staying)
    async with hasher.slot(WaitBudget(60)):
        pass
    await hasher.close()


async def test_many_concurrent_callers_enter_one_in_each_turn_of_the_loop() -> None:
    hasher = PasswordHasher(memory_kib=8, passes=1)
    came: list[int] = []

    async def come() -> None:
        async with hasher.slot(WaitBudget(60)):
            came.append(concurrency)

    everybody, concurrency = [asyncio.create_task(come()) for _ in range(hasher.WAITING)], 0
    while not all(one.done() for one in everybody):
        await asyncio.sleep(0)
        concurrency += 1
    assert len(set(came)) == hasher.WAITING
    await hasher.close()


async def test_hashes_leave_one_core_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((None, 1), (1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        hasher = PasswordHasher(memory_kib=8, passes=1)
        assert (hasher._threads, hasher._most) == (threads, threads + threads * hasher.WAITING)
        await hasher.close()


async def test_a_failed_hash_frees_its_slot() -> None:
    hasher = PasswordHasher(memory_kib=8, passes=1)
    for _ in range(hasher._most + 1):
        with pytest.raises(UnicodeEncodeError):
            await hasher.hash("\ud800")
    assert await hasher.hash(PASSWORD)
    await hasher.close()


async def test_other_answers_do_not_wait_for_a_hash() -> None:
    hasher = PasswordHasher(memory_kib=8, passes=1)
    names = {await hasher._run(lambda: threading.current_thread().name) for _ in range(3)}
    assert all(name.startswith("password") for name in names)
    await hasher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
async def test_requests_have_priority_over_hashes(hasher: PasswordHasher) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    its = await hasher._run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert its > own
