"""Each caller has a few things done at once, and waits a little for more."""

import asyncio

import pytest

from app.core.limits import TooManyRequests
from app.core.turns import Turns


async def test_a_caller_has_so_many_at_once_and_the_next_waits_for_one_to_end() -> None:
    turns = Turns(2)
    await turns.begin("ana")
    await turns.begin("ana")
    third = asyncio.create_task(turns.begin("ana"))
    await asyncio.sleep(0)
    assert not third.done()

    turns.end("ana")
    await third


async def test_callers_do_not_wait_for_each_other() -> None:
    turns = Turns(1)
    for name in ("ana", "bruno", "carla"):
        await turns.begin(name)


async def test_who_waits_too_long_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Turns, "SECONDS", 0.01)
    turns = Turns(1)
    await turns.begin("ana")
    with pytest.raises(TooManyRequests):
        await turns.begin("ana")
    turns.end("ana")
    await turns.begin("ana")


async def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Turns, "MOST_ASKING", 3)
    turns = Turns(1)
    await turns.begin("ana")
    waiting = [asyncio.create_task(turns.begin("ana")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await turns.begin("ana")
    for each in waiting:
        turns.end("ana")
        await each


async def test_who_stops_waiting_takes_no_turn_with_them() -> None:
    turns = Turns(1)
    await turns.begin("ana")
    waiting = asyncio.create_task(turns.begin("ana"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    turns.end("ana")
    await asyncio.wait_for(turns.begin("ana"), 1)


async def test_nothing_is_kept_of_a_caller_who_is_done() -> None:
    turns = Turns(2)
    for name in ("ana", "bruno"):
        await turns.begin(name)
        await turns.begin(name)
        turns.end(name)
        turns.end(name)
    assert turns._callers == {}
