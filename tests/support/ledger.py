"""The ledger: what was published, what came of it, and whether that is what was promised.

Acknowledged ⊆ logged ⊆ meant. Each event has, for each of its handlers, exactly one effect or one
dead letter; the effects of one handler for one aggregate stand in the order of the events.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.events import EventRegistry
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.probe.module import effect

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, _, HELD = DeliveryState

EVENTS: Final = Statement(
    select(
        event_log.c.event_id,
        event_log.c.event_type,
        event_log.c.aggregate_id,
        event_log.c.aggregate_version,
        event_log.c.ordinal,
        event_log.c.payload,
    ).where(event_log.c.aggregate_type == "probe")
)
DELIVERIES: Final = Statement(
    select(
        event_delivery.c.event_id,
        event_delivery.c.handler,
        event_delivery.c.state,
        event_delivery.c.blocks_when_dead,
    ).where(event_delivery.c.handler.startswith("probe."))
)
EFFECTS: Final = Statement(
    select(effect.c.event_id, effect.c.handler, effect.c.stream_id).order_by(effect.c.seq)
)


@dataclass(frozen=True, slots=True)
class Logged:
    """An event that was committed; `place` is where it stands among those of its aggregate."""

    id: UUID
    stream_id: UUID
    place: tuple[int, int]
    handlers: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery as it was found in the end."""

    state: int
    blocks_when_dead: bool = True


@dataclass
class Ledger:
    """All that is known at the end."""

    events: list[Logged] = field(default_factory=list)
    deliveries: dict[tuple[UUID, str], Delivered] = field(default_factory=dict)
    effects: list[tuple[UUID, str]] = field(default_factory=list)
    """The event's id and the handler's, in the order of the effects."""
    meant: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)

    def violations(self) -> list[str]:
        """Return what is not as it was promised, in words; nothing if all is well."""
        return [*self._wrongly_published(), *self._wrongly_delivered(), *self._out_of_order()]

    def _wrongly_published(self) -> Iterator[str]:
        logged = Counter(event.mark for event in self.events if event.mark)
        yield from _each("acknowledged, and not in the log", self.acknowledged - logged.keys())
        yield from _each("in the log, and never meant", logged.keys() - self.meant)
        yield from _each("in the log, though rolled back", logged.keys() & self.withdrawn)
        yield from _each("in the log twice", (mark for mark, n in logged.items() if n > 1))

    def _wrongly_delivered(self) -> Iterator[str]:
        effects = Counter(self.effects)
        held_back = set(self._held_back())
        for event in self.events:
            for handler in event.handlers:
                one = (event.id, handler)
                wrong = _judge(
                    effects.pop(one, 0), self.deliveries.get(one), is_held_back=one in held_back
                )
                if wrong:
                    yield f"{wrong}: {handler} of {event.place} in {event.stream_id}"
        yield from _each("effect of an event that was never committed", effects)

    def _held_back(self) -> Iterator[tuple[UUID, str]]:
        """Those that wait, as they should, behind a dead one of their stream."""
        for (_, handler), events in self._streams().items():
            is_held = False
            for event in events:
                delivered = self.deliveries.get((event.id, handler))
                if is_held:
                    yield event.id, handler
                is_held |= bool(
                    delivered and delivered.state == DEAD and delivered.blocks_when_dead
                )

    def _out_of_order(self) -> Iterator[str]:
        places = {event.id: event for event in self.events}
        last: dict[tuple[UUID, str], tuple[int, int]] = {}
        for event_id, handler in self.effects:
            if (event := places.get(event_id)) is None:
                continue
            stream = (event.stream_id, handler)
            if event.place < last.get(stream, (0, 0)):
                after = f"{event.place} after {last[stream]}"
                yield f"out of order: {handler} of {after} in {event.stream_id}"
            last[stream] = max(event.place, last.get(stream, (0, 0)))

    def _streams(self) -> Mapping[tuple[UUID, str], list[Logged]]:
        streams = defaultdict(list)
        for event in sorted(self.events, key=lambda event: event.place):
            for handler in event.handlers:
                streams[event.stream_id, handler].append(event)
        return streams


def _judge(effects: int, delivered: Delivered | None, *, is_held_back: bool) -> str:
    """Return what is wrong with a delivery; nothing if all is well."""
    if delivered is None:
        return "without a delivery"
    state = DeliveryState(delivered.state).name.lower()
    if effects:
        wrong = {
            f"{effects} effects": effects > 1,
            "an effect, though one before it is dead": is_held_back,
            f"an effect, though {state}": delivered.state != DONE,
        }
    else:
        waits = is_held_back and delivered.state in {BLOCKED, HELD}
        wrong = {
            "done, but lost": delivered.state == DONE,
            f"unfinished ({state})": delivered.state not in {DONE, DEAD} and not waits,
        }
    return next((what for what, is_so in wrong.items() if is_so), "")


def _each(what: str, which: Iterable[object]) -> Iterator[str]:
    return (f"{what}: {one}" for one in sorted(map(str, which)))


async def read_ledger(database: Database, registry: EventRegistry, book: str = "") -> Ledger:
    """Return what is in the database, and what publishers wrote into their book."""
    events = [
        Logged(
            id=row["event_id"],
            stream_id=row["aggregate_id"],
            place=(row["aggregate_version"], row["ordinal"]),
            handlers=_handlers(registry, row["event_type"]),
            mark=row["payload"]["mark"],
        )
        for row in await database.fetch_all(EVENTS, {})
    ]
    deliveries = {
        (row["event_id"], row["handler"]): Delivered(row["state"], bool(row["blocks_when_dead"]))
        for row in await database.fetch_all(DELIVERIES, {})
    }
    effects = [(row["event_id"], row["handler"]) for row in await database.fetch_all(EFFECTS, {})]
    words = defaultdict(set)
    for word, mark in (line.split() for line in book.splitlines()):
        words[word].add(mark)
    return Ledger(
        events=events,
        deliveries=deliveries,
        effects=effects,
        meant=words["meant"],
        withdrawn=words["withdrawn"],
        acknowledged=words["durable"],
    )


def _handlers(registry: EventRegistry, name: str) -> tuple[str, ...]:
    """Return whose effects are in the database."""
    kind = registry[name]
    return tuple(
        handler.id
        for handler in registry.handlers
        if kind in handler.subscription.events and handler.subscription.transactional
    )
