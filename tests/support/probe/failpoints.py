"""Failpoints: named places where a test process exits, freezes or waits once, after some passings.

This module wraps the engine's methods with them. The engine does not know them.
"""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import make_url

from app.core.events import Handler
from app.shared.infrastructure.database.connection import Connection, Row
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import group_sizes
from app.shared.infrastructure.events.delivery.celery.broker_publisher import (
    BrokerPublisher,
    Message,
)
from app.shared.infrastructure.events.delivery.celery.delivery_batch import DeliveryBatch
from app.shared.infrastructure.events.delivery.celery.executor import CeleryExecutor
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.ends import Ends
from app.shared.infrastructure.events.delivery.groups import GroupRun, Groups
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.outcomes import Outcome
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.support.probe.handlers import Folder

Pass = Callable[[], Coroutine[Any, Any, None]]


def set_failpoint(text: str, folder: Folder) -> None:
    """Set a failpoint from `place:action`, or `place:action:passings` to skip some passings."""
    if not text:
        return
    place, action, *rest = text.split(":")
    passings = int(rest[0]) if rest else 0

    async def reach() -> None:
        nonlocal passings
        passings -= 1
        if passings == -1:
            await ACTIONS[action](folder)

    PLACES[place](reach)


# --- Actions ------------------------------------------------------------------------------------


async def _exit(folder: Folder) -> None:
    folder.crash()
    os._exit(9)


async def _freeze(folder: Folder) -> None:
    # Housekeeping may be writing now. If it froze then, SQLite would block all other writers.
    no_writer = await asyncio.to_thread(_only_writer)
    if folder.reach():
        no_writer.close()
        os.kill(os.getpid(), signal.SIGSTOP)


def _only_writer() -> sqlite3.Connection:
    """Return a connection that keeps others from writing to SQLite, if nobody else does so long."""
    url = make_url(os.environ["DATABASE_URL"])
    file = url.database if url.get_backend_name() == "sqlite" else None
    writer = sqlite3.connect(
        file or ":memory:", timeout=0.6, isolation_level=None, check_same_thread=False
    )
    with suppress(sqlite3.OperationalError):  # the run that is to freeze writes itself
        writer.execute("BEGIN IMMEDIATE")
    return writer


async def _wait(folder: Folder) -> None:
    if folder.reach():
        await folder.gate()


ACTIONS: Final[dict[str, Callable[[Folder], Awaitable[None]]]] = {
    "exit": _exit,
    "freeze": _freeze,
    "wait": _wait,
}


# --- Places -------------------------------------------------------------------------------------


def _before_run(reach: Pass) -> None:
    """After the claim, before the run begins."""
    original = Runner.run

    async def run(
        self: Runner, claim: Claim, *, is_late: Callable[[], bool] = lambda: False
    ) -> bool:
        if claim.handler.startswith("probe."):
            await reach()
        return await original(self, claim, is_late=is_late)

    Runner.run = run  # type: ignore[method-assign]
    _group_before_run(reach, alone=True)


def _group_before_run(reach: Pass, *, alone: bool = False) -> None:
    """Between two runs of a group; with `alone` before the first run too.

    With this time limit a slow machine cuts no group short.
    """
    group_sizes.LONGEST_SECONDS = 1
    call = Groups._call
    last: list[Connection] = []

    async def call_in_group(
        self: Groups, connection: Connection, claim: Claim, handler: Handler, row: Row
    ) -> GroupRun:
        if handler.id.startswith("probe.") and (alone or connection in last):
            await reach()
        last[:] = [connection]
        return await call(self, connection, claim, handler, row)

    Groups._call = call_in_group  # type: ignore[method-assign]


def _group_before_begin(reach: Pass) -> None:
    """After the claim of a group, before its transaction begins."""
    group_sizes.LONGEST_SECONDS = 1
    original = Groups._commit_group

    async def commit_group(
        self: Groups, handler: Handler, waiting: list[Claim], is_late: Callable[[], bool]
    ) -> None:
        if handler.id.startswith("probe."):
            await reach()
        await original(self, handler, waiting, is_late)

    Groups._commit_group = commit_group  # type: ignore[method-assign]


def _before_ack(reach: Pass) -> None:
    """After the effect, before the state "done" is written."""
    original = Runner._finish

    async def finish(self: Runner, connection: Any, claim: Claim, outcome: Outcome) -> None:
        if claim.handler.startswith("probe."):
            await reach()
        await original(self, connection, claim, outcome)

    Runner._finish = finish  # type: ignore[method-assign]
    _outside_before_finish(reach)
    _group_before_finish(reach)


def _outside_before_finish(reach: Pass) -> None:
    """After the effect of a run that is not transactional: one statement is its whole commit."""
    original = Ends.finish

    async def finish(self: Ends, claim: Claim, statement: Statement) -> bool:
        if claim.handler.startswith("probe."):
            await reach()
        return await original(self, claim, statement)

    Ends.finish = finish  # type: ignore[method-assign]


def _group_before_finish(reach: Pass) -> None:
    """After all effects of a group, before the states "done" are written."""
    group_sizes.LONGEST_SECONDS = 1
    of_group = Groups._finish

    async def finish_group(
        self: Groups, connection: Any, runs: Sequence[GroupRun], left: Sequence[Claim]
    ) -> None:
        if _is_of_probe(runs):
            await reach()
        await of_group(self, connection, runs, left)

    Groups._finish = finish_group  # type: ignore[method-assign]


def _is_of_probe(runs: Sequence[GroupRun]) -> bool:
    return any(run.claim.handler.startswith("probe.") for run in runs)


def _before_commit(reach: Pass) -> None:
    """After the effect and the state "done" are written, before the commit."""
    original = Runner._finish

    async def finish(self: Runner, connection: Any, claim: Claim, outcome: Outcome) -> None:
        if claim.handler.startswith("probe."):
            connection = _Committing(connection, reach)
        await original(self, connection, claim, outcome)

    Runner._finish = finish  # type: ignore[method-assign]
    _outside_before_finish(reach)
    _group_before_commit(reach)


def _group_before_commit(reach: Pass) -> None:
    """After the effects and states of a group are written, before the commit."""
    group_sizes.LONGEST_SECONDS = 1
    of_group = Groups._finish

    async def finish_group(
        self: Groups, connection: Any, runs: Sequence[GroupRun], left: Sequence[Claim]
    ) -> None:
        if _is_of_probe(runs):
            connection = _Committing(connection, reach)
        await of_group(self, connection, runs, left)

    Groups._finish = finish_group  # type: ignore[method-assign]


class _Committing:
    def __init__(self, connection: Connection, reach: Pass) -> None:
        self._connection, self._reach = connection, reach

    async def execute(self, query: Statement, params: Mapping[str, Any], /) -> int:
        return await self._connection.execute(query, params)

    async def fetch_all(self, query: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        return await self._connection.fetch_all(query, params)

    async def commit(self) -> None:
        await self._reach()
        await self._connection.commit()


def _before_promote(reach: Pass) -> None:
    """After the commit, before the next delivery of the stream is unblocked."""
    original = Ends.follow

    async def follow(self: Ends, claim: Claim) -> None:
        if claim.handler.startswith("probe."):
            await reach()
        await original(self, claim)

    Ends.follow = follow  # type: ignore[method-assign]
    _group_before_promote(reach)


def _group_before_promote(reach: Pass) -> None:
    """After the commit of a group, before the next deliveries of its streams are unblocked."""
    group_sizes.LONGEST_SECONDS = 1
    of_group = Groups._follow

    async def follow(self: Groups, claims: Sequence[Claim]) -> None:
        if any(claim.handler.startswith("probe.") for claim in claims):
            await reach()
        await of_group(self, claims)

    Groups._follow = follow  # type: ignore[method-assign]


def _before_start(reach: Pass) -> None:
    """After a message arrived, before its deliveries start."""
    original = DeliveryBatch._start

    async def start(self: DeliveryBatch, pairs: Sequence[tuple[int, int]]) -> list[Claim]:
        await reach()
        return await original(self, pairs)

    DeliveryBatch._start = start  # type: ignore[method-assign]


def _before_broker_ack(reach: Pass) -> None:
    """After all deliveries of a message ran, before the broker gets the acknowledgement."""
    original = DeliveryBatch.run

    async def run(self: DeliveryBatch, pairs: Sequence[tuple[int, int]]) -> None:
        await original(self, pairs)
        await reach()

    DeliveryBatch.run = run  # type: ignore[method-assign]


def _before_send(reach: Pass) -> None:
    """After the claim, before any message is sent."""
    original = CeleryExecutor.start

    async def start(self: CeleryExecutor, deliveries: Sequence[Claim], /) -> None:
        if deliveries:
            await reach()
        await original(self, deliveries)

    CeleryExecutor.start = start  # type: ignore[method-assign]


def _between_sends(reach: Pass) -> None:
    """After a message is sent, before the next message or any other step."""
    original = BrokerPublisher._publish

    def publish(self: BrokerPublisher, message: Message) -> None:
        original(self, message)
        asyncio.run(reach())  # it runs in its own thread

    BrokerPublisher._publish = publish  # type: ignore[method-assign]


def _before_publish(reach: Pass) -> None:
    """After the change and its events are written, before the commit."""
    original = SqlUnitOfWork.flush

    async def flush(self: SqlUnitOfWork) -> bool:
        is_awaited = await original(self)
        if not self._is_joined:
            await reach()
        return is_awaited

    SqlUnitOfWork.flush = flush  # type: ignore[method-assign]


def _before_wake(reach: Pass) -> None:
    """After the commit of the change and its events, before the notifier is called."""
    original = SqlUnitOfWork.commit

    async def commit(self: SqlUnitOfWork) -> None:
        notifier, self._notifier = self._notifier, Notifier()
        await original(self)
        await reach()
        notifier.notify()

    SqlUnitOfWork.commit = commit  # type: ignore[method-assign]


PLACES: Final[dict[str, Callable[[Pass], None]]] = {
    "before_run": _before_run,
    "before_ack": _before_ack,
    "before_commit": _before_commit,
    "before_promote": _before_promote,
    "group_before_begin": _group_before_begin,
    "group_before_run": _group_before_run,
    "group_before_finish": _group_before_finish,
    "group_before_commit": _group_before_commit,
    "group_before_promote": _group_before_promote,
    "before_start": _before_start,
    "before_broker_ack": _before_broker_ack,
    "before_send": _before_send,
    "between_sends": _between_sends,
    "before_publish": _before_publish,
    "before_wake": _before_wake,
}
