"""Measure events, round by round, and print the table: see `make bench-events`."""

import argparse
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

from app.core.logging import configure_logging
from bench.events import bars, floors
from bench.events.before import NoSuchCode, before
from bench.events.lines import LINES
from bench.events.service import TooSlow
from bench.events.setting import Setting
from bench.events.workloads import Workloads
from bench.figures import Line, save, summed_up, table
from bench.machine import file_system, machine
from bench.rounds import rounds, run_in_folder, say
from bench.servers import postgres, redis
from tests.support.databases import text


async def run(arguments: argparse.Namespace, folder: Path) -> None:
    about = machine() | {"files on": file_system(folder)}
    async with AsyncExitStack() as stack:
        say("Starting PostgreSQL, Redis and workers, filling backlogs …")
        server = await stack.enter_async_context(postgres())
        broker, broker_label = await stack.enter_async_context(redis())
        about |= {"postgresql": f"{server.version} ({server.origin})", "broker": broker_label}
        setting = Setting(stack, server, broker, folder)
        size: floors.Size | bars.Size
        lines: Sequence[Line]
        workloads: Workloads
        if arguments.what == "bars":
            size = bars.QUICK if arguments.quick else bars.FULL
            earlier = None
            if commit := arguments.against:
                about |= {"compared with": commit}
                servers = {"database": text(server.address), "broker": broker}
                earlier = await stack.enter_async_context(before(commit, folder, **servers))
            lines = bars.lines(size, has_before=earlier is not None)
            workloads = await bars.prepared(setting, size, earlier)
        else:
            size, lines = floors.QUICK if arguments.quick else floors.FULL, LINES
            workloads = await floors.prepared(setting, size)
        measured = await rounds(workloads, count=size.rounds)
    figures = [summed_up(line, measured) for line in lines]
    print(f"\n{table(figures)}\n")
    print("\n".join(f"- {name}: {what}" for name, what in about.items()))
    path = save(arguments.what, figures, measured=measured, machine=about, size=asdict(size))
    say(f"\nWritten to {path}")


def _logs(error: Exception, folder: Path) -> str:
    logs = [path.read_text(encoding="utf-8") for path in folder.glob("*.log")]
    return "\n".join([f"It does not come to an end. {error} Its processes said:", *logs])


def main() -> None:
    configure_logging(level="ERROR", json_lines=False)  # some runs fail on purpose
    parser = argparse.ArgumentParser(prog="make bench-events", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=["events", "bars"],
        default="events",
        help="events: compared with the machine's own speed; bars: what jobs have to pass",
    )
    parser.add_argument(
        "--quick", action="store_true", help="at most a minute, to see that it works"
    )
    parser.add_argument(
        "--against", metavar="COMMIT", help="with bars: compare with the code of this commit, too"
    )
    run_in_folder(partial(run, parser.parse_args()), explained={TooSlow: _logs, NoSuchCode: _logs})


if __name__ == "__main__":
    main()
