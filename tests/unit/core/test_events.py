import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from app.core.events import EventRegistry, PublishedEvent, subscribe
from app.core.schedules import every

NO_NAMES = [
    *("", "house", ".built", "house.", "House.built", "house.built.twice", "house built", "a.b\n"),
]


@dataclass(frozen=True)
class HouseBuilt:
    type: ClassVar = "house.built"
    schema_version: ClassVar = 1


@dataclass(frozen=True)
class HouseSold:
    type: ClassVar = "house.sold"
    schema_version: ClassVar = 2


@dataclass(frozen=True)
class HouseBuiltAgain:
    type: ClassVar = "house.built"
    schema_version: ClassVar = 2


def kind_named(name: str) -> type[PublishedEvent]:
    return type("Nameless", (HouseBuilt,), {"type": name})


def registry_of(
    kinds: Iterable[type[PublishedEvent]], handlers: Iterable[Any] = ()
) -> EventRegistry:
    registry = EventRegistry()
    registry.publish(kinds)
    registry.subscribe(list(handlers), unit_of_work=object)
    return registry


def handler_of(kind: type[PublishedEvent], id: str) -> Any:
    @subscribe(kind, id=id)
    class Listener: ...

    return Listener()


def schedule(id: str) -> Any:
    @every(dt.timedelta(hours=1), id=id)
    class Chore: ...

    return Chore()


@dataclass(frozen=True)
class Tick:
    """As a tick says for which schedule it is."""

    type: ClassVar = "schedule.tick"
    schema_version: ClassVar = 1
    schedule: ClassVar = "house.clean"


# --- Events -------------------------------------------------------------------------------------


def test_an_event_is_found_by_its_name() -> None:
    registry = registry_of([HouseBuilt, HouseSold])
    found: object = registry["house.sold"]
    assert found is HouseSold
    assert list(registry) == ["house.built", "house.sold"]


def test_modules_make_their_events_known_one_after_another() -> None:
    registry = registry_of([HouseBuilt])
    registry.publish([HouseSold])
    assert list(registry) == ["house.built", "house.sold"]


def test_an_unregistered_event_is_unknown() -> None:
    with pytest.raises(KeyError):
        registry_of([HouseBuilt])["house.sold"]


def test_a_registry_may_be_empty() -> None:
    registry = registry_of([])
    assert (list(registry), registry.handlers) == ([], [])


def test_two_events_of_one_name_stop_the_start() -> None:
    with pytest.raises(
        ValueError, match=r"HouseBuiltAgain and .*HouseBuilt are both called 'house\.built'"
    ):
        registry_of([HouseBuilt, HouseBuiltAgain])


@pytest.mark.parametrize("name", NO_NAMES)
def test_an_event_whose_name_is_not_module_and_fact_stops_the_start(name: str) -> None:
    with pytest.raises(ValueError, match=r"Nameless is called .*; call it <module>\.<name>"):
        registry_of([kind_named(name)])


# --- Handlers -----------------------------------------------------------------------------------


def test_an_event_has_all_handlers_that_subscribed_to_it() -> None:
    mail, list_it = handler_of(HouseSold, "mail.owner"), handler_of(HouseSold, "list.remove")
    registry = registry_of([HouseBuilt, HouseSold], [mail, handler_of(HouseBuilt, "a.b"), list_it])
    assert [handler.call for handler in registry.handlers_of(HouseSold())] == [mail, list_it]
    assert [handler.id for handler in registry.handlers] == ["mail.owner", "a.b", "list.remove"]


def test_an_event_without_handlers_has_none() -> None:
    assert registry_of([HouseBuilt]).handlers_of(HouseBuilt()) == ()
    assert registry_of([]).handlers_of(HouseBuilt()) == ()


def test_a_tick_is_for_its_own_schedule_only() -> None:
    own, other = schedule("house.clean"), schedule("house.paint")
    registry = registry_of([Tick], [other, own])
    assert [handler.call for handler in registry.handlers_of(Tick())] == [own]


def test_a_handler_is_found_by_its_id_with_the_unit_of_work_that_it_is_called_with() -> None:
    clean = schedule("house.clean")
    registry = EventRegistry()
    registry.subscribe([clean], unit_of_work=lambda: "a unit of work")
    handler = registry.handler("house.clean")
    assert handler is not None
    assert (handler.call, handler.unit_of_work()) == (clean, "a unit of work")
    assert registry.handler("house.paint") is None


def test_two_handlers_of_one_id_stop_the_start() -> None:
    twins = [handler_of(HouseBuilt, "a.b"), handler_of(HouseSold, "a.b")]
    with pytest.raises(ValueError, match=r"both have the id 'a\.b'"):
        registry_of([HouseBuilt, HouseSold], twins)


def test_a_handler_of_an_unpublished_event_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"waits for 'house\.sold', which no module publishes"):
        registry_of([HouseBuilt], [handler_of(HouseSold, "a.b")])


@pytest.mark.parametrize("id", NO_NAMES)
def test_an_id_that_is_not_module_and_name_stops_the_start(id: str) -> None:
    with pytest.raises(ValueError, match=r"Chore is called .*; call it <module>\.<name>"):
        registry_of([], [schedule(id)])
