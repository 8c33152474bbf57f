"""How many runs share a transaction."""

from typing import Any

from app.core.events import Handler, Subscription
from app.core.run_limits import Everywhere
from app.shared.infrastructure.events.delivery.group_sizes import GroupSizes


def handler(**asked: Any) -> Handler:
    usual: dict[str, Any] = {
        "on_dead": "block",
        "max_attempts": 10,
        "timeout": 30.0,
        "transactional": True,
    }
    return Handler(Subscription(events=(), id="note.mail", **usual | asked), print, print)


def grown(count: int = 5) -> GroupSizes:
    sizes = GroupSizes()
    for _ in range(count):
        sizes.went_well("note.mail", count=sizes.of(handler()), seconds=0.001)
    return sizes


def test_the_size_doubles_with_each_group_that_goes_well_to_32() -> None:
    assert [grown(count).of(handler()) for count in range(7)] == [1, 2, 4, 8, 16, 32, 32]


def test_a_group_that_is_not_full_does_not_make_the_next_one_larger() -> None:
    sizes = grown(2)
    sizes.went_well("note.mail", count=3, seconds=0.001)
    assert sizes.of(handler()) == 4


def test_a_group_that_was_cut_off_makes_the_next_one_as_small() -> None:
    sizes = grown()
    sizes.went_well("note.mail", count=3, seconds=0.06)
    assert sizes.of(handler()) == 3


def test_the_size_is_halved_when_one_of_a_group_fails() -> None:
    sizes = grown()
    for expected in (16, 8, 4, 2, 1, 1):
        sizes.one_failed("note.mail")
        assert sizes.of(handler()) == expected
    sizes.went_well("note.mail", count=1, seconds=0.001)
    assert sizes.of(handler()) == 2


def test_the_64_runs_after_a_failure_are_alone() -> None:
    sizes = grown()
    sizes.failed("note.mail")
    for _ in range(64):
        assert sizes.of(handler()) == 1
        sizes.went_well("note.mail", count=1, seconds=0.001)
    sizes.went_well("note.mail", count=1, seconds=0.001)
    assert sizes.of(handler()) == 2


def test_a_handler_may_ask_for_runs_alone_or_for_small_groups() -> None:
    assert grown().of(handler(batch=1)) == 1
    assert grown().of(handler(batch=5)) == 5


def test_what_is_limited_over_all_processes_or_not_transactional_runs_alone() -> None:
    for asked in ({"concurrency": Everywhere(2)}, {"rate": "60/min"}, {"transactional": False}):
        assert grown().of(handler(**asked)) == 1
