"""Celery's workers as tests need them: with the probes, started, ordered about, and ended."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from celery import signals
from pydantic import SecretStr

from app.config.settings import Settings, load_settings
from app.container import ApplicationContainer
from app.core.events import subscribe
from app.core.logging import configure_logging
from app.worker import run_celery_worker
from tests.support.probe.failpoints import set_failpoint
from tests.support.probe.handlers import MAX_ATTEMPTS, Acting, Folder
from tests.support.probe.module import ProbeEvent, ProbeUnitOfWork
from tests.support.probe.service import probe_container
from tests.support.probe.world import until

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 30


# --- From outside -------------------------------------------------------------------------------


class Process:
    """A process that a test started, and what it forked."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self._log = process, log

    async def says(self, word: str) -> None:
        """Wait until its log has the word."""

        def has_said() -> bool:
            assert self._process.returncode is None, self._log.read_text()
            return word in self._log.read_text()

        await until(has_said)

    async def stop(self) -> int:
        """Ask it to end; return how it did."""
        self._process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        """Wait until it has ended; return how."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it at once, with all that it forked: its group is its own."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


@asynccontextmanager
async def process(
    *command: str, settings: Settings, log: Path, **others: str
) -> AsyncIterator[Process]:
    """A process of ours, gone at the end of the block with all that it forked."""
    with log.open("wb") as output:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *command,
            cwd=ROOT,
            env=environment(settings) | others,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    running = Process(started, log)
    try:
        yield running
    finally:
        await running.kill()


@asynccontextmanager
async def worker(
    settings: Settings, folder: Folder, log: Path, *, trouble: str = "", failpoint: str = ""
) -> AsyncIterator[Process]:
    """A worker with the probes, ready to receive."""
    others = {
        "PROBE_FOLDER": str(folder.path),
        "PROBE_FAILPOINT": failpoint,
        "PROBE_TROUBLE": trouble,
    }
    async with process(__name__, settings=settings, log=log, **others) as started:
        await started.says("worker ready")
        yield started


def environment(settings: Settings) -> dict[str, str]:
    """Say the settings as the process will read them; none of whoever runs the tests."""
    own = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    said = {name.upper(): _said(getattr(settings, name)) for name in settings.model_fields_set}
    return own | said


def _said(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


# --- A handler that does not keep to its time -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clung(ProbeEvent):
    """Has one handler, that clings to its place."""

    type: ClassVar = "probe.clung"


@subscribe(Clung, id="probe.cling", max_attempts=MAX_ATTEMPTS, timeout=0.2)
class Cling(Acting):
    """Works on when its time is over; or blocks its process, so that nothing can tell it."""

    async def __call__(self, event: ProbeEvent, uow: ProbeUnitOfWork) -> None:
        acts = self._next_acts(event)
        await uow.probes.affect(event, self.subscription.id)
        if "block" in acts:
            time.sleep(3600)  # noqa: ASYNC251 - that is it
        if "ignore" in acts:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.Event().wait()


def add_clinging(container: ApplicationContainer, folder: Folder) -> None:
    """Make a container of probes know it too."""
    registry = container.registry()

    def unit_of_work() -> ProbeUnitOfWork:
        return ProbeUnitOfWork(container.database(), registry, container.wake())

    registry.publish([Clung])
    registry.subscribe([Cling(folder)], unit_of_work=unit_of_work)


# --- Inside the process -------------------------------------------------------------------------


def main() -> None:
    settings, folder = load_settings(), Folder(Path(os.environ["PROBE_FOLDER"]))
    configure_logging(level=settings.log_level, json_lines=True)
    set_failpoint(os.environ["PROBE_FAILPOINT"], folder)
    TROUBLES[os.environ["PROBE_TROUBLE"]]()

    def build(settings: Settings) -> ApplicationContainer:
        container = probe_container(settings, folder)
        add_clinging(container, folder)
        if celery := container.celery():
            celery.conf.worker_soft_shutdown_timeout = 0.5
        return container

    sys.exit(run_celery_worker(settings, build))


def _be_deaf() -> None:
    """Believe to be connected, and hear nothing."""

    def turn_deaf(sender: Any, **_: Any) -> None:
        sender.task_consumer.cancel()

    signals.worker_ready.connect(turn_deaf, weak=False)


TROUBLES: Final[dict[str, Callable[[], None]]] = {"": lambda: None, "deaf": _be_deaf}

if __name__ == "__main__":
    main()
