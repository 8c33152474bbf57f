"""The engine without one of its safeguards, in a process of the tests: whoever checks must see it.

Nothing here can be switched on in the service: it replaces what the engine is made of.
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
from app.shared.infrastructure.events.delivery.delivery_context import working_on
from app.shared.infrastructure.events.delivery.group_sizes import GroupSizes
from app.shared.infrastructure.events.delivery.runner import Claim, Runner


def sabotage(what: str) -> None:
    """Take away `fence`, `transaction` or `order`; nothing if none is named.

    Each run is alone then: what is taken away is that of a single run.
    """
    if what:
        GroupSizes.of = lambda *_: 1  # type: ignore[method-assign]
        SABOTAGES[what]()


def _without_fence() -> None:
    """Whoever lost a delivery goes on with it as if it were still theirs."""
    held = deliveries._this.id == bindparam("held")
    for name in ("LOAD", "FINISH", "CONTINUE", "FAIL", "RELEASE"):
        _replace(name, deliveries.is_held, held)
    for name, write in (("DONE", deliveries.FINISH), ("CONTINUED", deliveries.CONTINUE)):
        setattr(runner, name, replace(getattr(outcomes, name), write=write))


def _without_transaction() -> None:
    """The effect is committed first, and then, in a transaction of its own, that it is done."""

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
    """Every delivery is the first of its stream."""
    claiming.CLAIMS.update({count: claiming.claim_of(count, true()) for count in claiming.CLAIMS})


def _replace(name: str, part: Any, by: Any) -> None:
    """Put something else in the place of a part of a statement; fail if it is not there."""
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
