"""Ask three times of the service what it can do, and print a table: see `make bench-overload`."""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from bench.figures import Line, Rounds, save, summed_up, table
from bench.machine import machine
from bench.overload.measurements import FULL, QUICK, measure
from bench.overload.mixes import POOL_SIZE, mixes
from bench.processes import process
from bench.rounds import run_in_folder, say
from bench.servers import postgres
from tests.support.ports import free_port
from tests.support.server import PATIENCE_SECONDS, is_answering


class DoesNotServe(Exception):
    """The service did not start."""


@asynccontextmanager
async def service(address: str, folder: Path) -> AsyncIterator[int]:
    """Return the port of a service."""
    port, log = free_port(), folder / "service.log"
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "DATABASE_URL": address,
        "DATABASE_POOL_SIZE": str(POOL_SIZE),
        "EVENTS": "worker",
        "LOG_LEVEL": "WARNING",
        "RATE_LIMITS": "false",
    }
    command = ("bench.overload.process", "serve")
    async with process(*command, environment=environment, log=log) as started:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_answering(port):
            if started.returncode is not None or time.monotonic() > deadline:
                raise DoesNotServe(log.read_text(encoding="utf-8"))
            await asyncio.sleep(0.05)
        yield port


def lines(mix: str) -> Iterator[Line]:
    def line(title: str, of: str, unit: str, **goal: float | str) -> Line:
        return Line(title=f"{mix}: {title}", of=f"{mix} {of}", unit=unit, **goal)  # type: ignore[arg-type]

    yield line("capacity", "peak", "1/s")
    yield line("goodput of the capacity", "goodput", "", goal=0.8)
    yield line("refusals p99", "refusals", "ms", goal=300.0, wanted="at most")
    yield line("answers p99", "answers", "ms", goal=2_000.0, wanted="at most")
    yield line("no answer in time", "late", "%")
    yield line("health p99", "health", "ms", goal=100.0, wanted="at most")
    yield line("critical answered", "critical", "%", goal=99.0)
    yield line("good again after", "recovery", "s", goal=5.0, wanted="at most")
    yield line("refused at usual load", "shed", "", goal=0.0, wanted="at most")
    yield line("the generator was busy", "busy", "", goal=0.7, wanted="at most")


async def run(arguments: argparse.Namespace, folder: Path) -> None:
    size = QUICK if arguments.quick else FULL
    about = machine()
    measured: dict[str, Rounds] = {}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(postgres())
        about |= {"postgresql": f"{server.version} ({server.origin})"}
        port = await stack.enter_async_context(service(await server.new_database(), folder))
        chosen = [mix for mix in await mixes(port) if arguments.mix in {"all", mix.name}]
        for mix in chosen:
            for name, value in (await measure(port, mix, size)).items():
                measured[f"{mix.name} {name}"] = [[value]]
    figures = [summed_up(line, measured) for mix in chosen for line in lines(mix.name)]
    print(f"\n{table(figures)}\n")
    print("\n".join(f"- {name}: {what}" for name, what in about.items()))
    path = save(
        "overload", figures, measured=measured, machine=about, size={"seconds": size.overload}
    )
    say(f"\nWritten to {path}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-overload", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, to see that it works")
    parser.add_argument("--mix", choices=["all", "reads", "database", "sign-ins"], default="all")
    run_in_folder(partial(run, parser.parse_args()), explained={DoesNotServe: lambda e, _: str(e)})


if __name__ == "__main__":
    main()
