"""Groups: first attempts of one handler, run one after another in one transaction.

A commit costs more than the runs of most handlers. Each effect still happens exactly once: effects
and ends of all runs are one commit, or none. The order stays, because only the first delivery of
each stream is claimed. A run that fails costs the others a rollback, but no attempt.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import structlog

from app.core.events import Handler
from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.connection import (
    Connection,
    DatabaseUnavailable,
    IntegrityViolation,
    Row,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import deliveries, group_sizes
from app.shared.infrastructure.events.delivery.cancelling import unbroken
from app.shared.infrastructure.events.delivery.claims import Claim, ClaimLost, held
from app.shared.infrastructure.events.delivery.delivery_context import working_on
from app.shared.infrastructure.events.delivery.job_runs import (
    LOAD_JOB_GROUP,
)
from app.shared.infrastructure.events.delivery.outcomes import Outcome
from app.shared.infrastructure.events.delivery.runner import Runner

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GroupRun:
    """A run in a group, until the group is committed."""

    claim: Claim
    row: Row
    outcome: Outcome
    uow: Any


class GroupFailed(Exception):
    """A group was rolled back. `claim` is the one that raised, if that is known."""

    def __init__(self, claim: Claim | None) -> None:
        self.claim = claim


class Groups:
    """Runs what was claimed for one place: one delivery, or a group of one handler."""

    def __init__(self, runner: Runner) -> None:
        self._runner, self._sizes = runner, runner.sizes
        self._database, self._registry = runner.database, runner.registry

    async def run(
        self, claims: Sequence[Claim], *, is_late: Callable[[], bool] = lambda: False
    ) -> None:
        """Run each to its end, or return it untried. Raises as `Runner.run`."""
        handler = self._registry.handler(claims[0].handler)
        waiting = list(claims)
        try:
            if handler is not None and len(claims) > 1:
                await self._run_together(handler, waiting, is_late)
            while waiting:
                await self._run_alone(waiting.pop(0), is_late)
        finally:
            if waiting:
                await unbroken(self.give_back(waiting))

    async def _run_alone(self, claim: Claim, is_late: Callable[[], bool]) -> None:
        begun = time.monotonic()
        is_done = await self._runner.run(claim, is_late=is_late)
        if claim.attempts > 1:  # it says nothing about the others
            return
        if is_done:
            self._sizes.went_well(claim.handler, count=1, seconds=time.monotonic() - begun)
        else:
            self._sizes.failed(claim.handler)

    async def _run_together(
        self, handler: Handler, waiting: list[Claim], is_late: Callable[[], bool]
    ) -> None:
        """Run them as a group, and once more without one that raised; the rest stays waiting."""
        for attempt in (1, 2):
            begun = time.monotonic()
            try:
                await self._commit_group(handler, waiting, is_late)
            except GroupFailed as failed:
                cause = type(failed.__cause__).__name__
                log.info("group rolled back", handler=handler.id, size=len(waiting), error=cause)
                if time.monotonic() - begun > self._runner.lease / 3:
                    await self._runner.extend(waiting)  # the time of this group is lost
                if failed.claim is None:
                    self._sizes.failed(handler.id)
                    return
                if attempt == 1:
                    self._sizes.one_failed(handler.id)
                else:
                    self._sizes.failed(handler.id)
                waiting.remove(failed.claim)
                await self._runner.run(failed.claim, is_late=is_late)
            else:
                return
            if len(waiting) < 2:  # noqa: PLR2004 - one alone is no group
                return

    async def _commit_group(
        self, handler: Handler, waiting: list[Claim], is_late: Callable[[], bool]
    ) -> None:
        """Remove from `waiting` what was run, or was returned because the time was over.

        What must not run, such as a cancelled job, stays waiting.
        """
        runs: list[GroupRun] = []
        left: list[Claim] = []
        current: Claim | None = None
        begun = time.monotonic()
        try:
            async with self._database.transaction() as connection:
                rows = await self._load(connection, handler, waiting)
                for claim in [each for each in waiting if each.id in rows]:
                    if runs and time.monotonic() - begun > group_sizes.LONGEST_SECONDS:
                        left.append(claim)
                        continue
                    current = claim
                    runs.append(await self._call(connection, claim, handler, rows[claim.id]))
                current = None
                await self._finish(connection, runs, left)
        except asyncio.CancelledError:
            if current is not None and is_late():
                waiting.remove(current)
                await unbroken(self._runner.fail(current, TimeoutError("over its time limit")))
            raise
        except Exception as error:
            # The loser of a deadlock is not its cause, and no run is the cause of an outage.
            raise GroupFailed(
                None if isinstance(error, DatabaseUnavailable) else current
            ) from error
        for claim in [*left, *(run.claim for run in runs)]:
            waiting.remove(claim)
        seconds = time.monotonic() - begun
        self._sizes.went_well(handler.id, count=len(runs), seconds=seconds)
        await self._after_commit(runs)

    async def _load(
        self, connection: Connection, handler: Handler, claims: Sequence[Claim]
    ) -> Mapping[int, Row]:
        """Return the rows of the deliveries that should run, by their ids."""
        streams = {claim.stream_id for claim in claims}
        assert len(streams) == len(claims), "two of one stream in a group"  # noqa: S101
        load = LOAD_JOB_GROUP if handler.is_job else deliveries.LOAD_GROUP
        rows = await connection.fetch_all(load, held(claims))
        return {
            row["id"]: row
            for row in rows
            if not (handler.is_job and (row["is_cancelled"] or row["is_expired"]))
        }

    async def _call(
        self, connection: Connection, claim: Claim, handler: Handler, row: Row
    ) -> GroupRun:
        outcome, uow = await self._runner.call_in(connection, claim, handler, row)
        connection.forget_session()
        return GroupRun(claim, row, outcome, uow)

    async def _finish(
        self, connection: Connection, runs: Sequence[GroupRun], left: Sequence[Claim]
    ) -> None:
        """Record all ends, and commit. Raises ClaimLost or Withdrawn."""
        together: defaultdict[Statement, list[Claim]] = defaultdict(list)
        for run in runs:
            outcome = run.outcome
            if outcome.together is None:
                await self._runner.write(connection, run.claim, outcome)
            else:
                together[outcome.together].append(run.claim)
        if left:
            together[deliveries.RELEASE_GROUP].extend(left)
        for write, claims in together.items():
            if len(await connection.fetch_all(write, held(claims))) != len(claims):
                raise ClaimLost
        if together or runs:
            await connection.commit()

    async def _after_commit(self, runs: Sequence[GroupRun]) -> None:
        for run in runs:
            self._runner.count(run.claim, run.outcome.counted_as)
        for run in runs:
            with working_on(run.row):
                await run.uow.run_after_commit()
        await self._follow([run.claim for run in runs])

    async def _follow(self, claims: Sequence[Claim]) -> None:
        await self._runner.ends.follow_all(claims)

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Return untried what is still ours. Without a database its lease ends."""
        with suppress(Unavailable):
            try:
                await self._database.execute_returning(deliveries.RELEASE_GROUP, held(claims))
            except IntegrityViolation:  # one of them meets a newer job with its key
                for claim in claims:
                    await self._runner.release(claim)


def divided(
    claims: Sequence[Claim], *, size: Callable[[str], int], attempts_of_fresh: int
) -> Iterator[list[Claim]]:
    """Divide the claims by handler, in parts no larger than the handler's size.

    A delivery that was tried before is alone. It may kill each process that starts it. Then those
    beside it would be counted as tried without ever being run.
    """
    by_handler = attrgetter("handler")
    for handler, group in groupby(sorted(claims, key=by_handler), key=by_handler):
        fresh: list[Claim] = []
        for each in group:
            if each.attempts > attempts_of_fresh:
                yield [each]
            else:
                fresh.append(each)
        for first in range(0, len(fresh), size(handler)):
            yield fresh[first : first + size(handler)]
