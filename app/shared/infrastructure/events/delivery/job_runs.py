"""What a job's run has besides its delivery: cursor, progress and result."""

from typing import Any, Final, cast

from sqlalchemy import Select, Update, bindparam, exists, false, func, not_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.shared.infrastructure.database.connection import Connection, Database, Row
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, job_cancel, job_state
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.states import DeliveryState

MOST: Final = 2**63 - 1

_this = event_delivery.c
_is_marked = exists(select(job_cancel).where(job_cancel.c.delivery_id == _this.id))


def _of_a_job(load: Statement) -> Statement:
    return Statement(
        cast("Select[Any]", load.executable)
        .add_columns(
            job_state.c.cursor,
            _is_marked.label("is_cancelled"),
            func.coalesce(_this.expires_at <= database_time(), false()).label("is_expired"),
        )
        .outerjoin(job_state, job_state.c.delivery_id == _this.id)
    )


LOAD_JOB: Final = _of_a_job(deliveries.LOAD)
"""As `LOAD`, with the cursor, and with any reason not to run it."""

LOAD_JOB_GROUP: Final = _of_a_job(deliveries.LOAD_GROUP)


def _unless_cancelled(statement: Statement) -> Statement:
    return Statement(cast("Update", statement.executable).where(not_(_is_marked)))


FINISH_JOB: Final = _unless_cancelled(deliveries.FINISH)
FINISH_JOB_GROUP: Final = _unless_cancelled(deliveries.FINISH_GROUP)
CONTINUE_JOB: Final = _unless_cancelled(deliveries.CONTINUE)
IS_CANCELLED: Final = Statement(
    select(job_cancel.c.delivery_id).where(job_cancel.c.delivery_id == bindparam("of_delivery"))
)
WITHDRAW: Final = Statement(
    update(event_delivery)
    .where(deliveries.is_held)
    .values(
        state=int(DeliveryState.CANCELLED),
        done_at=database_time(),
        worker_id=None,
        last_error=bindparam("note"),
    )
)
"""End a job that must not run, or not any more."""


def _keep(*columns: str) -> Statement:
    """Write columns of a job's state, whether or not it has a row already."""
    row = insert(job_state)  # PostgreSQL's construct; the dialect of SQLite writes it as well
    kept = row.on_conflict_do_update(
        index_elements=["delivery_id"], set_={name: row.excluded[name] for name in columns}
    )
    return Statement(kept, columns=["delivery_id", *columns])


KEEP_CURSOR: Final = _keep("cursor")
KEEP_RESULT: Final = _keep("result")
KEEP_PROGRESS: Final = _keep("progress_done", "progress_total")


def kept_value(stored: list[Any] | None) -> Any:
    """Return the cursor or result that is stored as the only item of a list.

    A number alone would lose digits: SQLite treats a column of JSON as a column of numbers.
    """
    return None if stored is None else stored[0]


class Withdrawn(Exception):
    """The job must not run, or not any more: nothing of the run may stay."""


CANCELLED: Final = "cancelled"
EXPIRED: Final = "expired: no attempt had begun by then"
SUPERSEDED: Final = "superseded: a newer job with its key waits"


class JobRun:
    """See `Run`. With a connection, its writes are a part of that transaction."""

    def __init__(
        self,
        database: Database,
        connection: Connection | None,
        delivery_id: int,
        row: Row,
        *,
        key: str,
        uow: Any,
    ) -> None:
        self._database, self._connection, self._delivery_id = database, connection, delivery_id
        self.key, self.attempt, self.uow = key, row["attempts"], uow
        self.cursor = kept_value(row["cursor"])

    async def progress(self, done: int, total: int | None = None) -> None:
        if not 0 <= done <= (MOST if total is None else total) <= MOST:
            message = f"progress({done}, {total}): it takes 0 <= done <= total"
            raise ValueError(message)
        row = {"delivery_id": self._delivery_id, "progress_done": done, "progress_total": total}
        if self._connection is not None:
            await self._connection.execute(KEEP_PROGRESS, row)
            return
        async with self._database.transaction() as connection:
            await connection.execute(KEEP_PROGRESS, row)
            await connection.commit()

    async def is_cancelled(self) -> bool:
        one = {"of_delivery": self._delivery_id}
        where = self._connection or self._database
        return await where.fetch_one(IS_CANCELLED, one) is not None
