"""The machine: figures mean nothing without it."""

import os
import platform
import sqlite3
from pathlib import Path


def machine() -> dict[str, str]:
    """Return what figures depend on, by name."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "cpu": _cpu(),
        "system": platform.platform(terse=True),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def file_system(folder: Path) -> str:
    """Return on which kind of file system a folder lies: on some fsync costs nothing."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(point, kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(above, key=lambda mount: len(mount[0]))[1]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?")
