"""Celery's worker with the probes, inside: made to be killed, with all that it forks."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

# Both are long to load, and what forks from here needs them.
import celery.apps.worker
import celery.concurrency.prefork  # noqa: F401
from celery import signals

from app.config.settings import Settings, load_settings
from app.container import ApplicationContainer
from app.core.logging import configure_logging
from app.worker import run_celery_worker
from tests.support.clinging import add_clinging
from tests.support.probe.failpoints import set_failpoint
from tests.support.probe.handlers import Folder
from tests.support.probe.service import probe_container


def run(environment: Mapping[str, str], log: str) -> None:
    """Be that worker. The environment has the settings, and what is to go wrong."""
    os.setsid()
    threading.Thread(target=_end_with_the_tests, daemon=True).start()
    with Path(log).open("wb") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environment)
    settings, folder = load_settings(), Folder(Path(environment["PROBE_FOLDER"]))
    configure_logging(level=settings.log_level, json_lines=True)
    set_failpoint(environment["PROBE_FAILPOINT"], folder)
    TROUBLES[environment["PROBE_TROUBLE"]]()
    signals.worker_process_init.connect(lambda **_: folder.fork(), weak=False)

    def build(settings: Settings) -> ApplicationContainer:
        container = probe_container(settings, folder)
        add_clinging(container, folder)
        if its_celery := container.celery():
            its_celery.conf.worker_soft_shutdown_timeout = 0.5
        return container

    sys.exit(run_celery_worker(settings, build))


def _end_with_the_tests() -> None:
    """However they end: nobody else would look for what they started."""
    if tests := multiprocessing.parent_process():
        tests.join()
    os.killpg(0, signal.SIGKILL)


def _be_deaf() -> None:
    """Believe to be connected, and hear nothing."""

    def turn_deaf(sender: Any, **_: Any) -> None:
        sender.task_consumer.cancel()

    signals.worker_ready.connect(turn_deaf, weak=False)


TROUBLES: Final[dict[str, Callable[[], None]]] = {"": lambda: None, "deaf": _be_deaf}
