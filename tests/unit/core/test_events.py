import pytest

from app.core.events import EventRegistry, PublishedEvent


class HouseBuilt:
    type: str = "house.built"
    schema_version: int = 1


class HouseSold:
    type: str = "house.sold"
    schema_version: int = 2


class HouseBuiltAgain:
    type: str = "house.built"
    schema_version: int = 2


def kind_named(name: str) -> type[PublishedEvent]:
    return type("Nameless", (HouseBuilt,), {"type": name})


def test_an_event_is_found_by_its_name() -> None:
    registry = EventRegistry([HouseBuilt, HouseSold])
    assert registry["house.sold"] is HouseSold
    assert list(registry) == ["house.built", "house.sold"]


def test_an_event_that_nobody_registered_is_not_known() -> None:
    with pytest.raises(KeyError):
        EventRegistry([HouseBuilt])["house.sold"]


def test_a_registry_may_be_empty() -> None:
    assert list(EventRegistry([])) == []


def test_a_name_that_two_events_have_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"HouseBuiltAgain and HouseBuilt: both house\.built"):
        EventRegistry([HouseBuilt, HouseBuiltAgain])


@pytest.mark.parametrize(
    "name",
    ["", "house", ".built", "house.", "House.built", "house.built.twice", "house built", "a.b\n"],
)
def test_a_name_that_is_not_module_and_fact_stops_the_start(name: str) -> None:
    with pytest.raises(ValueError, match=r"Nameless: .* is not <module>\.<fact>"):
        EventRegistry([kind_named(name)])
