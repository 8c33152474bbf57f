"""What is under a lease, and whose: its holder may be gone before the lease ends."""

from typing import Final

import structlog
from sqlalchemy import and_, bindparam, func, select, update

from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.owners import is_gone
from app.shared.infrastructure.events.states import DeliveryState, due_in, is_in

log = structlog.get_logger(__name__)

READY, TAKEN, *_ = DeliveryState

_this = event_delivery.c

# What is due is left out of the search: that is the backlog.
_is_on_its_way = and_(
    is_in(_this.state, READY, TAKEN), _this.due_at > database_time(), _this.state == int(TAKEN)
)
IN_FLIGHT: Final = Query(select(func.count().label("count")).where(_is_on_its_way))
"""How many are taken, under a lease that has not ended."""

OWNERS: Final = Query(select(_this.owner).where(_is_on_its_way).distinct())
END_LEASES: Final = Query(
    update(event_delivery)
    .where(
        _this.id.in_(
            select(_this.id)
            .where(_is_on_its_way, _this.owner == bindparam("of_owner"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(due_in())
)
"""Have what a process held taken again now: for one that is gone."""


async def end_leases_of_the_gone(database: Database) -> int:
    """Wait for no lease of a process that is known to be gone: as a rule one that was killed.

    Of other machines nobody knows; there the lease decides. Who was taken for dead and is not
    finds its delivery overtaken, as one does whose lease has ended. Returns how many were ended.
    """
    owners = [row["owner"] for row in await database.fetch_all(OWNERS, {})]
    gone = [owner for owner in owners if is_gone(owner)]
    if not gone:
        return 0
    log.warning("deliveries of processes that are gone", owners=gone)
    async with database.transaction() as connection:
        ended = [await connection.execute(END_LEASES, {"of_owner": owner}) for owner in gone]
        await connection.commit()
    return sum(ended)
