"""How the free places of a queue are shared."""

import datetime as dt

from app.shared.infrastructure.events.delivery.places import Demand, Places, shares

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HIGH, NORMAL, LOW = 0, 1, 2


def demand(
    handler: str, due: int, priority: int = NORMAL, *, age: int = 0, most: int = 99
) -> Demand:
    return Demand(handler, priority, NOW - dt.timedelta(seconds=age), due, most)


def shared(
    free: int,
    *demands: Demand,
    taken: dict[str, int] | None = None,
    keeps_one: bool = False,
    oldest_level_first: bool = False,
) -> dict[tuple[str, int], int]:
    places = Places("default", free, taken or {}, keeps_one)
    found = shares(places, demands, oldest_level_first=oldest_level_first)
    return {(each.handler, each.priority): each.places for each in found}


def test_each_handler_has_a_place_before_any_has_two() -> None:
    assert shared(4, demand("a", 50), demand("b", 1), demand("c", 1)) == {
        ("a", NORMAL): 2,
        ("b", NORMAL): 1,
        ("c", NORMAL): 1,
    }


def test_nobody_gets_more_than_it_has_due() -> None:
    assert shared(16, demand("a", 3)) == {("a", NORMAL): 3}


def test_nobody_gets_more_than_it_may_start() -> None:
    demands = demand("a", 9, HIGH, most=2), demand("a", 9, LOW, most=2)
    assert shared(16, *demands) == {("a", HIGH): 2}


def test_a_higher_priority_comes_first() -> None:
    assert shared(1, demand("old", 1, LOW, age=99), demand("new", 1, HIGH)) == {("new", HIGH): 1}


def test_among_equals_the_oldest_comes_first() -> None:
    assert shared(1, demand("new", 1), demand("old", 1, age=5)) == {("old", NORMAL): 1}


def test_in_its_turn_the_priority_that_has_waited_longest_comes_first() -> None:
    demands = demand("a", 9, HIGH), demand("a", 9, LOW, age=99)
    assert shared(1, *demands, oldest_level_first=True) == {("a", LOW): 1}


def test_a_handler_that_has_a_place_leaves_the_last_one() -> None:
    assert shared(3, demand("a", 9), keeps_one=True) == {("a", NORMAL): 2}
    assert shared(1, demand("a", 9), taken={"a": 1}, keeps_one=True) == {}
    assert shared(1, demand("a", 9), taken={"b": 1}, keeps_one=True) == {("a", NORMAL): 1}


def test_where_nothing_is_due_or_free_nothing_is_shared() -> None:
    assert shared(4) == shared(0, demand("a", 1)) == {}
