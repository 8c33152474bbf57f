"""The code of an earlier commit, measured beside the present code in the same run."""

import asyncio
import os
import sys
import tarfile
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import orjson

from bench.events.workloads import Workloads
from bench.processes import ROOT

SCRIPT: Final = Path(__file__).with_name("at_commit.py")
LONGEST_END_SECONDS: Final = 10


class NoSuchCode(Exception):
    """There is no such commit, or its benchmark can't run."""


class Before:
    """A process with the earlier code: it measures what it is asked for."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def measure(self, name: str, count: int) -> list[float]:
        if self._process.stdin and self._process.stdout:
            self._process.stdin.write(f"{count} {name}\n".encode())
            if answer := await self._process.stdout.readline():
                values: list[float] = orjson.loads(answer)
                return values
        raise NoSuchCode(f"The earlier code could not measure {name}.")

    def beside(self, ours: Workloads, *, counts: Mapping[str, int]) -> Workloads:
        """Return our measurements, some of them followed by the same one of the earlier code."""
        both = {}
        for name, measure in ours.items():
            both[name] = measure
            if name in counts:
                both[f"{name} before"] = partial(self.measure, name, counts[name])
        return both


@asynccontextmanager
async def before(commit: str, folder: Path, *, database: str, broker: str) -> AsyncIterator[Before]:
    """Start it in a folder of its own, on the same servers. Raises NoSuchCode."""
    code = folder / "before"
    await _unpack(commit, code)
    servers = {"BENCH_DATABASE_URL": database, "BENCH_REDIS_URL": broker}
    with (folder / "before.log").open("wb") as log:
        process = await create_subprocess_exec(
            sys.executable,
            str(SCRIPT),
            cwd=code,
            env=os.environ | servers | {"PYTHONPATH": str(code)},
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
        )
    try:
        yield Before(process)
    finally:
        if process.stdin:
            process.stdin.close()  # it ends by itself, with what it started
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_END_SECONDS):
                await process.wait()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _unpack(commit: str, folder: Path) -> None:
    packed = folder.with_suffix(".tar")
    git = await create_subprocess_exec(
        "git", "archive", f"--output={packed}", commit, cwd=ROOT, stderr=PIPE
    )
    _, error = await git.communicate()
    if git.returncode:
        raise NoSuchCode(error.decode().strip())
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
