"""Handlers that do what their event says: work, fail, wait or end their process."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.context import current_work
from app.core.endings import Continue, DeadLetter, Discard, Retry
from app.core.events import Subscription, subscribe
from app.core.jobs import Run, job
from app.core.run_limits import Everywhere
from app.core.schedules import cron
from app.shared.domain.base_entity import new_id
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.events.delivery.scheduler import schedule_id
from tests.support.probe.module import (
    MEETING,
    Answered,
    Bounded,
    Hurried,
    Kept,
    Passed,
    Probe,
    ProbeEvent,
    ProbeUnitOfWork,
    Sent,
    Shared,
    Tell,
    Work,
    Worked,
)

MAX_ATTEMPTS: Final = 3
YEARLY: Final = "probe.begin_the_year"
AGAIN_AFTER: Final = 3600.0


class Broken(Exception):
    """The error of a handler that fails."""


class Folder:
    """A folder where handlers record their starts, even if the transaction is rolled back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = path / "book"
        """The events that publishers intend to publish and have published: see `Load`."""

    def begin(self, handler: str, event_id: UUID | None) -> int:
        """Record a start by this process; return the number of starts so far."""
        file = self.path / f"{handler}.{event_id}"
        with file.open("a") as starts:
            starts.write(f"{os.getpid()}\n")
        return len(file.read_text().splitlines())

    def starts(self, handler: str) -> list[int]:
        """Return the processes that started a handler, once for each start."""
        files = sorted(self.path.glob(f"{handler}.*"))
        return [int(pid) for file in files for pid in file.read_text().splitlines()]

    def send(self, event_id: UUID | None, key: str) -> None:
        with (self.path / "sent").open("a") as sent:
            sent.write(f"{event_id} {key}\n")

    def sent(self) -> list[tuple[str, str]]:
        """Return the event's id and the key of each effect outside the database."""
        file = self.path / "sent"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(line.split()[0], line.split()[1]) for line in lines]

    def read_book(self) -> str:
        return self.book.read_text() if self.book.exists() else ""

    def empty(self) -> None:
        for file in self.path.iterdir():
            file.unlink()

    async def gate(self) -> None:
        """Wait until the test opens the gate."""
        while not (self.path / "open").exists():  # noqa: ASYNC110 - another process opens it
            await asyncio.sleep(0.005)

    def open_gate(self) -> None:
        (self.path / "open").touch()

    def reach(self) -> bool:
        """Record that a failpoint is reached; return whether this process is the first."""
        try:
            (self.path / "reached").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def crash(self) -> None:
        """Record that a process ends at a failpoint."""
        self._note("crashes")

    def crashes(self) -> int:
        return len(self._noted("crashes"))

    def fork(self) -> None:
        """Record that Celery's worker forked this process."""
        self._note(f"forked.{os.getppid()}")

    def forked(self, parent: int) -> list[int]:
        """Return the processes that a worker has forked so far."""
        return self._noted(f"forked.{parent}")

    def _note(self, name: str) -> None:
        with (self.path / name).open("a") as file:
            file.write(f"{os.getpid()}\n")

    def _noted(self, name: str) -> list[int]:
        file = self.path / name
        return [int(pid) for pid in file.read_text().splitlines()] if file.exists() else []

    def is_reached(self) -> bool:
        """Return whether a process reached a failpoint that waits for the gate."""
        return (self.path / "reached").exists()


class Acting:
    """A handler whose effect comes first, so that a later failure has something to undo."""

    subscription: ClassVar[Subscription]

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    async def __call__(self, event: ProbeEvent, uow: ProbeUnitOfWork) -> None:
        await self._act(event, uow)

    async def _act(self, event: ProbeEvent | Work, uow: ProbeUnitOfWork) -> None:
        acts = self._next_acts(event)
        await uow.probes.affect(event, self.subscription.id)
        for act in acts:
            if act == "commit":
                await uow.commit()
            elif act == "see":
                probe = await uow.probes.get(event.stream_id)
                await uow.probes.affect(replace(event, number=probe.version), "probe.seen")
            elif act == "touch":
                await uow.probes.touch(event.stream_id)
            elif act == "meet":
                await uow.probes.touch(MEETING)
            elif act == "enqueue":
                await uow.jobs.enqueue(Tell())
            elif act == "answer":
                other = Probe(id=new_id())
                other.happen(Answered)
                await uow.probes.save(other)
            else:
                await ACTS[act](self._folder)

    def _next_acts(self, event: ProbeEvent | Work) -> list[str]:
        if not event.acts:
            return []
        count = self._folder.begin(self.subscription.id, current_work.get().caused_by)
        return event.acts[min(count, len(event.acts)) - 1].split("+")


async def _fail(_folder: Folder) -> None:
    raise Broken("as it was told")


async def _retry(_folder: Folder) -> None:
    raise Retry(after=AGAIN_AFTER)


async def _discard(_folder: Folder) -> None:
    raise Discard("not needed")


class _Step(Exception):
    """Continue with the next cursor."""


class _Stay(Exception):
    """Continue with the same cursor."""


async def _step(_folder: Folder) -> None:
    raise _Step


async def _stay(_folder: Folder) -> None:
    raise _Stay


async def _more(_folder: Folder) -> None:
    raise Continue


async def _give_up(_folder: Folder) -> None:
    raise DeadLetter("as it was told")


async def _cancel(_folder: Folder) -> None:
    raise asyncio.CancelledError


async def _hang(_folder: Folder) -> None:
    await asyncio.Event().wait()


async def _exit(_folder: Folder) -> None:
    os._exit(9)


async def _linger(_folder: Folder) -> None:
    await asyncio.sleep(random.uniform(0, 0.005))  # noqa: S311 - makes races likely


async def _do(_folder: Folder) -> None:
    pass


ACTS: Final[dict[str, Callable[[Folder], Awaitable[None]]]] = {
    "do": _do,
    "linger": _linger,
    "fail": _fail,
    "retry": _retry,
    "discard": _discard,
    "more": _more,
    "step": _step,
    "stay": _stay,
    "give up": _give_up,
    "cancel": _cancel,
    "hang": _hang,
    "exit": _exit,
    "wait": Folder.gate,
}


@subscribe(Kept, id="probe.keep", max_attempts=MAX_ATTEMPTS)
class Keep(Acting):
    pass


@subscribe(Passed, id="probe.pass_by", max_attempts=MAX_ATTEMPTS, on_dead="skip")
class PassBy(Acting):
    pass


@subscribe(Hurried, id="probe.hurry", max_attempts=MAX_ATTEMPTS, timeout=0.2)
class Hurry(Acting):
    pass


@subscribe(Answered, id="probe.hear")
class Hear(Acting):
    pass


class Patient(Acting):
    async def __call__(self, event: ProbeEvent, uow: ProbeUnitOfWork) -> None:
        await super().__call__(event, uow)
        await _linger(self._folder)


@subscribe(Shared, id="probe.share", max_attempts=1000)
class Share(Patient):
    pass


@subscribe(Shared, id="probe.share_too", max_attempts=1000)
class ShareToo(Patient):
    pass


@subscribe(Sent, id="probe.send", max_attempts=MAX_ATTEMPTS, transactional=False)
class Send(Acting):
    """Its effect is a line in a file, outside any transaction."""

    async def __call__(self, event: ProbeEvent, key: str) -> None:  # type: ignore[override]
        acts = self._next_acts(event)
        self._folder.send(current_work.get().caused_by, key)
        for act in acts:
            await ACTS[act](self._folder)


@subscribe(
    Bounded,
    id="probe.narrow",
    max_attempts=1000,
    transactional=False,
    concurrency=Everywhere(2),
)
class Narrow(Acting):
    """It runs for a moment, so that without the limit other runs would begin meanwhile."""

    async def __call__(self, event: ProbeEvent, key: str) -> None:  # type: ignore[override]
        await asyncio.sleep(0.02)


@subscribe(Bounded, id="probe.paced", max_attempts=1000, rate="5/s")
class Paced(Acting):
    async def __call__(self, event: ProbeEvent, uow: ProbeUnitOfWork) -> None:
        pass


@cron("0 0 1 1 *", tz="America/Sao_Paulo", id=YEARLY)
class BeginTheYear:
    """It runs once a year and so disturbs no other test. Its effect has the year as number."""

    def __init__(self, _folder: Folder) -> None: ...

    async def __call__(self, tick: ScheduleTick, uow: ProbeUnitOfWork) -> None:
        year = tick.due_at.astimezone(ZoneInfo("America/Sao_Paulo")).year
        await uow.probes.affect(ProbeEvent(year, schedule_id(YEARLY)), YEARLY)


@job(Work, max_attempts=MAX_ATTEMPTS)
class DoWork(Acting):
    """Its progress is the value of its cursor. With a negative number it has no result."""

    async def __call__(self, args: Work, run: Run[ProbeUnitOfWork]) -> Worked | None:  # type: ignore[override]
        await run.progress(run.cursor or 0, 10)
        try:
            await self._act(args, run.uow)
        except _Step:
            raise Continue((run.cursor or 0) + 1) from None
        except _Stay:
            raise Continue(run.cursor or 0) from None
        return Worked(args.number, run.cursor) if args.number >= 0 else None


@job(Tell, max_attempts=MAX_ATTEMPTS, transactional=False)
class TellIt(Acting):
    async def __call__(self, args: Tell, run: Run[None]) -> Worked:  # type: ignore[override]
        acts = self._next_acts(args)
        self._folder.send(current_work.get().caused_by, run.key)
        await run.progress(run.attempt)
        for act in acts:
            await ACTS[act](self._folder)
        return Worked(args.number, run.cursor)


def handlers(folder: Folder) -> Sequence[Any]:
    kinds = (Keep, PassBy, Hurry, Hear, Share, ShareToo, Send, BeginTheYear, DoWork, TellIt)
    return [kind(folder) for kind in (*kinds, Narrow, Paced)]
