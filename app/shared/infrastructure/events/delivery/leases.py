"""What is under a lease, and whose: its holder may be gone before the lease ends."""

from typing import Final

import structlog
from sqlalchemy import and_, bindparam, func, select, update

from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, due_in, is_in
from app.shared.infrastructure.events.delivery.worker_ids import has_ended

log = structlog.get_logger(__name__)

READY, CLAIMED, *_ = DeliveryState

_this = event_delivery.c

# What is due is left out of the search: that is the backlog.
_is_on_its_way = and_(
    is_in(_this.state, READY, CLAIMED), _this.due_at > database_time(), _this.state == int(CLAIMED)
)
IN_FLIGHT: Final = Statement(select(func.count().label("count")).where(_is_on_its_way))
"""How many are taken, under a lease that has not ended."""

WORKER_IDS: Final = Statement(select(_this.worker_id).where(_is_on_its_way).distinct())
END_LEASES: Final = Statement(
    update(event_delivery)
    .where(
        _this.id.in_(
            select(_this.id)
            .where(_is_on_its_way, _this.worker_id == bindparam("of_worker"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(due_in())
)
"""Have what a process held taken again now: for one that is gone."""


async def end_leases_of_ended_workers(database: Database) -> int:
    """Wait for no lease of a process that is known to be gone: as a rule one that was killed.

    Of other machines nobody knows; there the lease decides. Who was taken for dead and is not
    finds its delivery overtaken, as one does whose lease has ended. Returns how many were ended.
    """
    worker_ids = [row["worker_id"] for row in await database.fetch_all(WORKER_IDS, {})]
    gone = [worker_id for worker_id in worker_ids if has_ended(worker_id)]
    if not gone:
        return 0
    log.warning("deliveries of processes that are gone", worker_ids=gone)
    async with database.transaction() as connection:
        ended = [
            await connection.execute(END_LEASES, {"of_worker": worker_id}) for worker_id in gone
        ]
        await connection.commit()
    return sum(ended)
