"""The ledger finds each kind of trouble, and none where there is none."""

from uuid import UUID, uuid4

import pytest

from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.ledger import Delivered, Ledger, Logged

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, *_ = DeliveryState
STREAM = UUID(int=1)
HANDLER = "probe.keep"


def an_event(version: int, *, stream: UUID = STREAM, mark: str = "") -> Logged:
    return Logged(uuid4(), stream, (version, 0), (HANDLER,), mark)


def a_ledger(*events: Logged, states: tuple[int, ...] = (), order: str | None = None) -> Ledger:
    """Events with their states, all done unless told so; `order` has the places of the effects."""
    states = states or (DONE,) * len(events)
    effects = [places for places, state in enumerate(states) if state == DONE]
    if order is not None:
        effects = [int(place) for place in order]
    return Ledger(
        events=list(events),
        deliveries={
            (event.id, HANDLER): Delivered(state)
            for event, state in zip(events, states, strict=True)
        },
        effects=[(events[place].id, HANDLER) for place in effects],
        meant={event.mark for event in events if event.mark},
    )


def kinds(ledger: Ledger) -> list[str]:
    return [violation.partition(":")[0] for violation in ledger.violations()]


THREE = [an_event(1), an_event(2), an_event(3)]
TWO_STREAMS = [an_event(1), an_event(2), an_event(1, stream=UUID(int=2))]


# --- Deliveries -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sound",
    [
        a_ledger(),
        a_ledger(*THREE),
        a_ledger(*THREE, states=(DONE, DEAD, BLOCKED)),
        a_ledger(*TWO_STREAMS, order="201"),
        a_ledger(*TWO_STREAMS, states=(DEAD, BLOCKED, DONE)),
    ],
)
def test_a_correct_ledger_has_no_violations(sound: Ledger) -> None:
    assert sound.violations() == []


@pytest.mark.parametrize(
    ("states", "order", "found"),
    [
        ((DONE, DONE, DONE), "0122", ["2 effects"]),
        ((DONE, DONE, DONE), "01", ["done, but lost"]),
        ((DONE, DONE, DONE), "021", ["out of order"]),
        ((DONE, DONE, DONE), "210", ["out of order", "out of order"]),
        ((DONE, DEAD, DONE), "02", ["an effect, though one before it is dead"]),
        ((DONE, DONE, DEAD), "012", ["an effect, though dead"]),
        ((DONE, DONE, READY), "01", ["unfinished (ready)"]),
        ((DONE, DONE, CLAIMED), "01", ["unfinished (claimed)"]),
        ((DONE, DONE, NO_HANDLER), "01", ["unfinished (no_handler)"]),
        ((DONE, DONE, BLOCKED), "01", ["unfinished (blocked)"]),
        ((DONE, DONE, CLAIMED), "012", ["an effect, though claimed"]),
    ],
)
def test_each_violation_is_found(states: tuple[int, ...], order: str, found: list[str]) -> None:
    assert kinds(a_ledger(*THREE, states=states, order=order)) == found


def test_a_dead_delivery_with_skip_blocks_nothing() -> None:
    ledger = a_ledger(*THREE, states=(DONE, DEAD, DONE))
    ledger.deliveries[THREE[1].id, HANDLER] = Delivered(DEAD, blocks_when_dead=False)
    assert ledger.violations() == []

    ledger.deliveries[THREE[2].id, HANDLER] = Delivered(BLOCKED)
    ledger.effects.pop()
    assert kinds(ledger) == ["unfinished (blocked)"]


def test_an_undelivered_event_is_a_violation() -> None:
    ledger = a_ledger(*THREE)
    del ledger.deliveries[THREE[0].id, HANDLER]
    assert kinds(ledger) == ["without a delivery"]


def test_an_effect_without_an_event_is_a_violation() -> None:
    ledger = a_ledger(*THREE)
    ledger.effects.append((uuid4(), HANDLER))
    assert kinds(ledger) == ["effect of an event that was never committed"]


# --- Publishing -----------------------------------------------------------------------------------


def test_an_unacknowledged_event_may_exist_or_not() -> None:
    ledger = a_ledger(an_event(1, mark="a"), an_event(2, mark="b"))
    ledger.meant = {"a", "b", "c"}
    ledger.acknowledged = {"a"}
    ledger.withdrawn = {"d"}
    assert ledger.violations() == []


@pytest.mark.parametrize(
    ("acknowledged", "meant", "withdrawn", "found"),
    [
        ({"a", "c"}, {"a", "b", "c"}, set(), "acknowledged, and not in the log"),
        (set(), {"a"}, set(), "in the log, and never meant"),
        (set(), {"a", "b"}, {"b"}, "in the log, though rolled back"),
    ],
)
def test_a_wrongly_published_event_is_a_violation(
    acknowledged: set[str], meant: set[str], withdrawn: set[str], found: str
) -> None:
    ledger = a_ledger(an_event(1, mark="a"), an_event(2, mark="b"))
    ledger.acknowledged, ledger.meant, ledger.withdrawn = acknowledged, meant, withdrawn
    assert kinds(ledger) == [found]


def test_a_duplicate_in_the_log_is_a_violation() -> None:
    ledger = a_ledger(an_event(1, mark="a"), an_event(2, mark="a"))
    assert kinds(ledger) == ["in the log twice"]
