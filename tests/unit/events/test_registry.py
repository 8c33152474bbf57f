"""Names and ids are checked at the start, because stored rows refer to them for years."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from app.core.events import EventRegistry, subscribe
from app.core.schedules import every
from app.shared.domain.events import DomainEvent, ScheduleTick


@dataclass(frozen=True, slots=True)
class HouseBuilt(DomainEvent):
    type: ClassVar = "house.built"


@dataclass(frozen=True, slots=True)
class HouseSold(DomainEvent):
    type: ClassVar = "house.sold"


@dataclass(frozen=True, slots=True)
class BuiltAgain(DomainEvent):
    type: ClassVar = "house.built"


class Handling:
    async def __call__(self, _event: object, _uow: object) -> None:
        """Do nothing."""


@subscribe(HouseBuilt, id="street.number_it")
class NumberIt(Handling):
    pass


@subscribe(HouseBuilt, id="tax.assess_it", on_dead="skip", max_attempts=3, timeout=5.0)
class AssessIt(Handling):
    pass


@every(dt.timedelta(days=1), id="street.sweep_it")
class SweepIt(Handling):
    pass


def no_unit_of_work() -> object:
    return object()


@pytest.fixture
def registry() -> EventRegistry:
    registry = EventRegistry()
    registry.publish([ScheduleTick, HouseBuilt, HouseSold])
    return registry


def subscribe_all(registry: EventRegistry, *handlers: Any) -> None:
    registry.subscribe(handlers, unit_of_work=no_unit_of_work)


def ids(registry: EventRegistry, event: DomainEvent) -> list[str]:
    return [handler.id for handler in registry.handlers_of(event)]


# --- What is found --------------------------------------------------------------------------------


def test_an_event_is_found_by_its_name(registry: EventRegistry) -> None:
    assert registry["house.sold"] is HouseSold
    assert list(registry) == ["schedule.tick", "house.built", "house.sold"]
    with pytest.raises(KeyError):
        registry["house.burnt"]


@subscribe(HouseBuilt, HouseSold, id="street.keep_the_list")
class KeepTheList(Handling):
    pass


def test_a_handler_may_ask_for_several_events(registry: EventRegistry) -> None:
    subscribe_all(registry, NumberIt(), KeepTheList())
    assert ids(registry, HouseBuilt()) == ["street.number_it", "street.keep_the_list"]
    assert ids(registry, HouseSold()) == ["street.keep_the_list"]
    assert registry.handlers[1].subscription.events == (HouseBuilt, HouseSold)


def test_a_handler_of_no_event_is_refused() -> None:
    with pytest.raises(TypeError, match=r"street\.idle: name the event"):
        subscribe(id="street.idle")


def test_an_event_has_the_handlers_that_asked_for_it(registry: EventRegistry) -> None:
    subscribe_all(registry, NumberIt(), AssessIt())
    assert ids(registry, HouseBuilt()) == ["street.number_it", "tax.assess_it"]
    assert ids(registry, HouseSold()) == []


def test_a_handler_is_found_by_its_id_with_what_it_asked_for(registry: EventRegistry) -> None:
    subscribe_all(registry, AssessIt())
    found = registry.handler("tax.assess_it")
    assert found is not None
    asked = found.subscription
    assert (asked.on_dead, asked.max_attempts, asked.timeout) == ("skip", 3, 5.0)
    assert registry.handler("tax.forget_it") is None


def test_a_tick_is_for_its_own_schedule_alone(registry: EventRegistry) -> None:
    subscribe_all(registry, SweepIt(), NumberIt())
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert ids(registry, ScheduleTick("street.sweep_it", now)) == ["street.sweep_it"]
    assert ids(registry, ScheduleTick("street.paint_it", now)) == []


def test_an_event_with_a_field_named_as_a_tick_has_is_no_tick(registry: EventRegistry) -> None:
    @dataclass(frozen=True, slots=True)
    class BusDelayed(DomainEvent):
        type: ClassVar = "bus.delayed"

        schedule: list[str]

    registry.publish([BusDelayed])
    subscribe_all(registry, SweepIt())
    assert ids(registry, BusDelayed(["street.sweep_it"])) == []


# --- What stops the start -------------------------------------------------------------------------


def test_a_name_that_two_events_have(registry: EventRegistry) -> None:
    with pytest.raises(
        ValueError, match=r"BuiltAgain and .*HouseBuilt are both called 'house\.built'"
    ):
        registry.publish([BuiltAgain])


def test_an_id_that_two_handlers_have(registry: EventRegistry) -> None:
    with pytest.raises(ValueError, match=r"both have the id 'street\.number_it'"):
        subscribe_all(registry, NumberIt(), NumberIt())


def test_a_handler_of_an_event_that_nobody_publishes() -> None:
    with pytest.raises(ValueError, match=r"waits for 'house\.built', which no module publishes"):
        subscribe_all(EventRegistry(), NumberIt())


@pytest.mark.parametrize("name", ["", "house", ".built", "house.", "House.built", "a.b.c", "a.b\n"])
def test_a_name_or_an_id_that_is_not_module_and_something(
    registry: EventRegistry, name: str
) -> None:
    kind: Any = type("Nameless", (DomainEvent,), {"type": name})
    with pytest.raises(ValueError, match=r"Nameless is called .*; call it <module>\.<name>"):
        registry.publish([kind])

    handler: Any = type("Nameless", (Handling,), {})
    with pytest.raises(ValueError, match=r"Nameless is called .*; call it <module>\.<name>"):
        subscribe_all(registry, subscribe(HouseBuilt, id=name)(handler)())
