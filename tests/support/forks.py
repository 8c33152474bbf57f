"""Starts processes without the second that Python takes to import the service.

A server process has imported everything once; each process is a fork of it, not of the tests.
"""

import multiprocessing
import os
from typing import Final

FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "app.cli",
        "tests.modules.note.container",
        "tests.support.probe.process",
        "tests.support.celery_worker",
    ]
)
# Celery reads it when it is imported: see `run_celery_worker`.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
