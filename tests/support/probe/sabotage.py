"""Removes one safeguard of the engine in a test process, to show that the checks notice it.

The service cannot switch this on: this module replaces parts of the engine.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import bindparam, true
from sqlalchemy.sql import visitors

from app.core.events import Handler
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import (
    claiming,
    deliveries,
    outcomes,
    runner,
)
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.delivery_context import working_on
from app.shared.infrastructure.events.delivery.group_sizes import GroupSizes
from app.shared.infrastructure.events.delivery.runner import Runner


def sabotage(what: str) -> None:
    """Remove `fence`, `transaction` or `order`; remove nothing if the text is empty.

    Then each run is alone, without groups, because the safeguard of a single run is removed.
    """
    if what:
        GroupSizes.of = lambda *_: 1  # type: ignore[method-assign]
        SABOTAGES[what]()


def _without_fence() -> None:
    """A process that lost a delivery continues as if the delivery still belonged to it."""
    held = deliveries._this.id == bindparam("held")
    for name in ("LOAD", "FINISH", "CONTINUE", "FAIL", "RELEASE"):
        _replace(name, deliveries.is_held, held)
    for name, write in (("DONE", deliveries.FINISH), ("CONTINUED", deliveries.CONTINUE)):
        setattr(runner, name, replace(getattr(outcomes, name), write=write, together=None))


def _without_transaction() -> None:
    """One transaction commits the effect, and a second one commits the state "done"."""

    async def in_two(self: Runner, claim: Claim, handler: Handler) -> None:
        async with self.database.transaction() as connection:
            row = await self._load(connection, claim, handler)
            with working_on(row):
                uow = handler.unit_of_work().join(connection)
                outcome = await self._call(handler, row, uow)
                await uow.flush()
            await connection.commit()
        async with self.database.transaction() as connection:
            await self._finish(connection, claim, outcome)

    Runner._in_one_transaction = in_two  # type: ignore[method-assign]


def _without_order() -> None:
    """The engine treats each delivery as the first of its stream."""
    claiming.CLAIMS.update({count: claiming.claim_of(count, true()) for count in claiming.CLAIMS})


def _replace(name: str, part: Any, by: Any) -> None:
    """Replace a part of a statement; fail if the statement does not contain it."""
    found = []

    def other(element: Any, **_options: Any) -> Any:
        if element is not part:
            return None
        found.append(element)
        return by

    statement = getattr(deliveries, name).executable
    setattr(deliveries, name, Statement(visitors.replacement_traverse(statement, {}, other)))
    assert found, f"{name} has changed: the sabotage does not fit any more"


SABOTAGES: Final[dict[str, Callable[[], None]]] = {
    "fence": _without_fence,
    "transaction": _without_transaction,
    "order": _without_order,
}
