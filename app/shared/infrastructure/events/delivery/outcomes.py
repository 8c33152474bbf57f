"""How a run ended that did not fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.core.endings import Continue, Discard
from app.shared.infrastructure.database.connection import Row
from app.shared.infrastructure.database.statement import Statement, json_text
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.job_runs import (
    CONTINUE_JOB,
    FINISH_JOB,
    FINISH_JOB_GROUP,
    KEEP_CURSOR,
    KEEP_RESULT,
)


class NothingMoved(Exception):
    """A job raised `Continue` with the cursor that it had: it would continue forever."""

    def __init__(self) -> None:
        super().__init__("Continue has the cursor that this run began with: nothing moved")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written to the delivery, how it is counted, and what is stored for a job."""

    write: Statement
    counted_as: str
    note: str | None = None
    keep: Statement | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    together: Statement | None = None
    """Writes the same for several runs, where each has only this to write."""


TOGETHER: Final = (deliveries.FINISH_GROUP, FINISH_JOB_GROUP)
DONE: Final = Outcome(deliveries.FINISH, "done", together=deliveries.FINISH_GROUP)
CONTINUED: Final = Outcome(deliveries.CONTINUE, "continued")


def discarded_by(reason: Discard) -> Outcome:
    return Outcome(deliveries.FINISH, "discarded", f"discarded: {reason}")


def finished(result: Any) -> Outcome:
    """Return how a job ended."""
    if result is None:
        return Outcome(FINISH_JOB, "done", together=FINISH_JOB_GROUP)
    return Outcome(FINISH_JOB, "done", keep=KEEP_RESULT, kept={"result": [result]})


def continued(more: Continue, row: Row) -> Outcome:
    """Return how a part of a job ended. Raises NothingMoved."""
    if more.cursor is None:
        return Outcome(CONTINUE_JOB, "continued")
    cursor = [more.cursor]
    if row["cursor"] is not None and json_text(cursor) == json_text(row["cursor"]):
        raise NothingMoved
    return Outcome(CONTINUE_JOB, "continued", keep=KEEP_CURSOR, kept={"cursor": cursor})
