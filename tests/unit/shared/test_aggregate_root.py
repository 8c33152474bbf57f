import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.events import DomainEvent

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ID = UUID("018f3c1e-0000-7000-8000-000000000001")


@dataclass(frozen=True, slots=True)
class DoorOpened(DomainEvent):
    type: ClassVar = "house.door_opened"

    door: int


@dataclass(eq=False, kw_only=True, slots=True)
class House(AggregateRoot):
    aggregate_type: ClassVar = "house"

    doors: int = 1


@dataclass(eq=False, kw_only=True, slots=True)
class Garage(AggregateRoot):
    aggregate_type: ClassVar = "garage"


def house(**fields: Any) -> House:
    return House(created_at=NOW, updated_at=NOW, **fields)


def test_events_are_handed_over_once_and_in_order() -> None:
    home = house()
    home.record(DoorOpened(1))
    home.record(DoorOpened(2))
    assert home.pull_events() == [DoorOpened(1), DoorOpened(2)]
    assert home.pull_events() == []


def test_a_new_aggregate_has_no_events() -> None:
    assert house().pull_events() == []
    assert house().version == 0


def test_aggregates_with_the_same_id_are_equal() -> None:
    one, other = house(id=ID, doors=1), house(id=ID, doors=2, version=3)
    assert one == other
    assert len({one, other}) == 1


def test_aggregates_with_different_ids_are_not_equal() -> None:
    assert house() != house()


def test_aggregates_of_different_classes_are_not_equal() -> None:
    assert house(id=ID) != Garage(id=ID, created_at=NOW, updated_at=NOW)
    assert house(id=ID) != ID


def test_new_ids_are_in_the_order_of_their_creation() -> None:
    ids = [new_id() for _ in range(1000)]
    assert all(id_.version == 7 for id_ in ids)
    assert ids == sorted(set(ids))
