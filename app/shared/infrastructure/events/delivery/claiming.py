"""Claiming: the engine claims due deliveries, no more than there are places for."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    bindparam,
    case,
    literal_column,
    select,
    update,
)

from app.core.events import EventRegistry, Handler
from app.core.run_limits import Everywhere
from app.shared.infrastructure.database.connection import Connection, Database, Row
from app.shared.infrastructure.database.expressions import one_of
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.deliveries import CLAIMED_COLUMNS, head_of
from app.shared.infrastructure.events.delivery.demands import DEMANDS, due
from app.shared.infrastructure.events.delivery.limits import allowed, available, use
from app.shared.infrastructure.events.delivery.places import (
    EVERY_EIGHTH,
    Demand,
    Places,
    Share,
    shares,
)
from app.shared.infrastructure.events.delivery.states import (
    OPEN_STATES,
    DeliveryState,
    due_in,
    is_in,
)

READY, CLAIMED, DEAD, DONE, BLOCKED, *_ = DeliveryState

_this = event_delivery.c
IS_FIRST: Final = _this.stream_position <= head_of(_this.handler, _this.stream_id).scalar_subquery()


def claim_of(count: int, is_first: ColumnElement[bool] = IS_FIRST) -> Statement:
    chosen = (
        due(bindparam("of_handler"), bindparam("of_priority"))
        .limit(literal_column(str(count)))
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    judged = (
        select(_this.id, is_first.label("is_head"))
        .where(_this.id.in_(select(chosen.c.id)))
        .cte("judged")
        .prefix_with("MATERIALIZED", dialect="postgresql")  # else it evaluates this for each column
    )
    runs = judged.c.is_head
    return Statement(
        update(event_delivery)
        .where(_this.id == judged.c.id)
        .values(
            state=case((runs, int(CLAIMED)), else_=int(BLOCKED)),
            token=_this.token + case((runs, 1), else_=0),
            attempts=_this.attempts + case((runs, bindparam("counted", type_=Integer)), else_=0),
            **{
                name: case((runs, value), else_=_this[name])
                for name, value in due_in(bindparam("lease", type_=Float)).items()
            },
            worker_id=bindparam("by"),
        )
        .returning(*CLAIMED_COLUMNS)
    )


CLAIM: Final = claim_of(4)
CLAIMS: Final = {count: claim_of(count) for count in (1, 2, 8, 16, 32, 64, 128)} | {4: CLAIM}
"""Claim due deliveries of one handler and priority, at most so many, the oldest first. Heads of
their streams are claimed, others are blocked.

No process waits for another (SKIP LOCKED). An attempt counts when it starts: a day without workers
costs none, and a run that kills its process counts too. Each count has its own statement.
PostgreSQL would plan one with an unknown limit each time, and planning takes longer than running.
"""

BLOCKED_AT_ONCE: Final = 5_000
_later = event_delivery.alias("later").c
_rest_of_stream = (
    select(_later.id)
    .where(
        _later.handler == bindparam("of_handler"),
        _later.stream_id == bindparam("of_stream"),
        is_in(_later.state, *OPEN_STATES),
        _later.state == literal_column(str(int(READY))),
        _later.stream_position
        > head_of(bindparam("of_handler"), bindparam("of_stream")).scalar_subquery(),
    )
    .order_by(_later.stream_position)
    .limit(BLOCKED_AT_ONCE)
    .with_for_update(skip_locked=True)
)
BLOCK_REST: Final = Statement(
    update(event_delivery).where(one_of(_this.id, _rest_of_stream)).values(state=int(BLOCKED))
)
"""Block what else is ready in a stream: finding it again, a few at a time, would delay others."""


class Claimer:
    """Claims for one engine."""

    def __init__(self, database: Database, registry: EventRegistry, *, by: str) -> None:
        self._database, self._registry, self._by = database, registry, by
        self._turns: Counter[str] = Counter()

    async def claim(
        self, places: Sequence[Places], *, lease: float, counts_attempts: bool
    ) -> list[Claim]:
        """Return what was claimed, and what was blocked because it is not first in its stream."""
        if all(each.free <= 0 for each in places):
            return []
        rows = await self._database.fetch_all(DEMANDS, {})
        wanted = [
            (handler, share, share.places * each.size(handler.id))
            for each in places
            for handler, share in self._shares(each, rows)
        ]
        if not wanted:
            return []
        asked = {"lease": lease, "by": self._by, "counted": int(counts_attempts)}
        found: list[Claim] = []
        async with self._database.transaction() as connection:
            for handler, share, count in wanted:
                of_share = {"of_handler": share.handler, "of_priority": share.priority}
                found += await _claim(connection, handler, count, asked | of_share)
            for claim in one_of_each_stream(found, BLOCKED):
                stream = {"of_handler": claim.handler, "of_stream": claim.stream_id}
                await connection.execute(BLOCK_REST, stream)
            await connection.commit()
        return found

    def _shares(self, places: Places, rows: Sequence[Row]) -> list[tuple[Handler, Share]]:
        handlers = {row["handler"]: self._registry.handler(row["handler"]) for row in rows}
        here = {
            id: handler
            for id, handler in handlers.items()
            if handler and handler.subscription.queue_name == places.queue
        }
        demands = [
            _demand(here[row["handler"]], places, row)
            for row in rows
            if row["handler"] in here and row["due"]
        ]
        if not demands:
            return []
        self._turns[places.queue] += 1
        is_eighth = self._turns[places.queue] % EVERY_EIGHTH == 0
        shared = shares(places, demands, oldest_level_first=is_eighth)
        return [(here[share.handler], share) for share in shared]


def one_of_each_stream(found: Iterable[Claim], *states: DeliveryState) -> Iterable[Claim]:
    return {(t.handler, t.stream_id): t for t in found if t.state in states}.values()


def _demand(handler: Handler, places: Places, row: Row) -> Demand:
    asked, due = handler.subscription, math.ceil(row["due"] / places.size(handler.id))
    may_start = due
    if asked.limit_of_process and places.of_one_process:
        may_start = min(may_start, asked.limit_of_process - places.taken.get(handler.id, 0))
    elif isinstance(asked.concurrency, Everywhere):
        may_start = min(may_start, asked.concurrency.limit)
    if rate := asked.rate_limit:
        may_start = min(may_start, available(rate, row["rate_used_until"], row["now"]))
    return Demand(handler.id, row["priority"], row["oldest"], due, may_start)


async def _claim(
    connection: Connection, handler: Handler, count: int, asked: Mapping[str, Any]
) -> list[Claim]:
    count = await allowed(connection, handler, count)
    if not count:
        return []
    found: list[Claim] = []
    while count > 0:
        most = max(most for most in CLAIMS if most <= count)
        rows = await connection.fetch_all(CLAIMS[most], asked)
        found += [Claim(**row) for row in rows]
        count = count - most if len(rows) == most else 0
    await use(connection, handler, sum(claim.state == CLAIMED for claim in found))
    return found
