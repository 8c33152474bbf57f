"""Load: so many connections, each with one request under way, for some seconds."""

import asyncio
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson

from bench.processes import ROOT

CONNECTIONS: Final = 32
WALK: Final = Path(__file__).with_name("walk.lua")
NO_WRK: Final = (
    "wrk is not installed (Debian and Ubuntu: apt install wrk; macOS: brew install wrk): the load "
    "comes from Python, which sends less than the faster servers can answer."
)


class NotAnswered(Exception):
    """Some requests got another answer than they should, or none: such figures mean nothing."""


def generator() -> str:
    """Return what the load comes from."""
    return "wrk" if shutil.which("wrk") else "Python"


async def load(
    requests: Path, *, port: int, seconds: int, connections: int = CONNECTIONS
) -> dict[str, float]:
    """Send the requests of a file over and over; return how many a second, and milliseconds.

    Raises NotAnswered.
    """
    said, is_well = await _run(_command(requests, port, seconds, connections))
    if not is_well:
        raise NotAnswered(said.decode(errors="replace").strip())
    told = orjson.loads(said.strip().rpartition(b"\n")[2])
    if told["refused"] or told["lost"] or not told["requests"]:
        message = "{refused} answers of {requests} were errors, {lost} never came".format(**told)
        raise NotAnswered(message)
    return {"rate": told["requests"] / told["seconds"], "p50": told["p50"], "p99": told["p99"]} | {
        "requests": told["requests"]
    }


def _command(requests: Path, port: int, seconds: int, connections: int) -> list[str]:
    if wrk := shutil.which("wrk"):
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(WALK)]
        return [wrk, *options, f"http://127.0.0.1:{port}", "--", str(requests)]
    options = [str(port), str(seconds), str(connections), str(requests)]
    return [sys.executable, "-m", "bench.http.pounder", *options]


async def _run(command: list[str]) -> tuple[bytes, bool]:
    running = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await running.communicate()
    finally:
        with suppress(ProcessLookupError):  # as a rule it has ended
            running.kill()
    return said, running.returncode == 0
