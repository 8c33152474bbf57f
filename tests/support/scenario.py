"""For authors of modules: checks the effects of something after its events are delivered."""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from sqlalchemy import Float, bindparam, or_, select, update

from app.container import ApplicationContainer
from app.shared.infrastructure.database.expressions import after_the_same_wait, database_time
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, *_ = DeliveryState
PATIENCE_SECONDS: Final = 10  # only a failing test waits for so long

Found = TypeVar("Found")

_this = event_delivery.c
IS_DUE: Final = Statement(
    select(_this.id)
    .where(
        is_in(_this.state, READY, CLAIMED),
        or_(_this.state == int(CLAIMED), _this.due_at <= database_time()),
    )
    .limit(1)
)
BRING_FORWARD: Final = Statement(
    update(event_delivery)
    .where(is_in(_this.state, READY), _this.due_at > database_time())
    .values(due_at=database_time())
)
_waits = is_in(_this.state, READY, BLOCKED)
_moment = database_time(bindparam("seconds", type_=Float))
NEXT: Final = Statement(
    select(_this.due_at, database_time().label("now"))
    .where(is_in(_this.state, READY), _this.due_at > database_time())
    .order_by(_this.due_at)
    .limit(1)
)
PASS_TIME: Final = Statement(
    update(event_delivery)
    .where(_waits)
    .values(
        due_at=after_the_same_wait(_this.due_at, _moment),
        due_set_at=database_time(),
        expires_at=after_the_same_wait(_this.expires_at, _moment),
    )
)
LEFT: Final = Statement(
    select(_this.handler, _this.state, _this.attempts, _this.last_error)
    .where(_this.state != int(DONE))
    .order_by(_this.id)
)


class Drain:
    """Delivers what is due, and what follows from it, until nothing is left."""

    def __init__(self, container: ApplicationContainer) -> None:
        self._database = container.database()
        self._engine = container.engine()

    async def __call__(self, *, retries: bool = False, until: dt.timedelta | None = None) -> None:
        """Return when nothing is due. With `retries` failed deliveries are due again at once.

        With `until` so much time passes: whatever is due within it is delivered at its turn, and
        what comes of that too. Clocks and schedules stay as they are; what waits is moved instead.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._deliver(retries=retries)
                left = until or dt.timedelta()
                while left:
                    left -= await self._pass_time(left)
                    await self._deliver(retries=retries)
        except TimeoutError:
            message = f"it goes on for over {PATIENCE_SECONDS} s: {await self.left()}"
            raise AssertionError(message) from None

    async def left(self) -> str:
        """Return what is not done, and why."""
        rows = await self._database.fetch_all(LEFT, {})
        return "; ".join(_told(row) for row in rows) or "all deliveries are done"

    async def _deliver(self, *, retries: bool) -> None:
        while await self._is_anything_due(retries=retries):
            await self._engine.drain()

    async def _pass_time(self, most: dt.timedelta) -> dt.timedelta:
        """Let time pass until the next one is due, if that is within `most`; return how much."""
        row = await self._database.fetch_one(NEXT, {})
        passed = most if row is None else min(most, row["due_at"] - row["now"])
        async with self._database.transaction() as connection:
            await connection.execute(PASS_TIME, {"seconds": passed.total_seconds()})
            await connection.commit()
        return passed

    async def _is_anything_due(self, *, retries: bool) -> bool:
        if retries:
            async with self._database.transaction() as connection:
                await connection.execute(BRING_FORWARD, {})
                await connection.commit()
        return await self._database.fetch_one(IS_DUE, {}) is not None


class Scenario:
    """`await scenario.when(something_happens).until(it_is_so)`."""

    def __init__(self, drain: Drain) -> None:
        self._drain = drain

    def when(self, stimulus: Callable[[], Awaitable[object]]) -> "Stimulus":
        """Set what happens; it happens in `until`."""
        return Stimulus(self._drain, stimulus)


class Stimulus:
    """What happens in a scenario."""

    def __init__(self, drain: Drain, stimulus: Callable[[], Awaitable[object]]) -> None:
        self._drain, self._stimulus = drain, stimulus

    async def until(self, is_so: Callable[[], Awaitable[Found]]) -> Found:
        """Let it happen and deliver its events until the check passes; return the check's result.

        Failed attempts are not repeated; if several are needed, drain with `retries`.
        """
        await self._stimulus()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            await self._drain()
            if found := await is_so():
                return found
            assert time.monotonic() < deadline, f"it is not so; {await self._drain.left()}"
            await asyncio.sleep(0.01)  # another process may run it


def _told(row: Any) -> str:
    state = DeliveryState(row["state"]).name.lower()
    why = f" ({row['last_error']})" if row["last_error"] else ""
    return f"{row['handler']} is {state} after {row['attempts']} attempts{why}"
