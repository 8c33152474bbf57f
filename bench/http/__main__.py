"""Measure requests beside the limit and the alternatives: see `make bench`."""

import argparse
import datetime as dt
import secrets
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson

from app.core.security import AccessTokens
from bench.figures import save, table
from bench.http import data, report, scaling
from bench.http.compare import AnswersDiffer
from bench.http.contestants.common import ISSUER
from bench.http.cores import Cores, keep_to, share_out
from bench.http.load import NO_WRK, NotAnswered, generator
from bench.http.measurements import Figures, Measurement, Stage, beside_others, starting
from bench.http.serving import DoesNotServe, Servers
from bench.machine import machine
from bench.processes import ROOT
from bench.rounds import rounds, run_in_folder, say
from bench.servers import Postgres, postgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long it goes on, with how much, beside whom."""

    rounds: int
    seconds: int
    tasks: int
    contestants: tuple[str, ...]
    is_full: bool


FULL: Final = Size(
    rounds=5,
    seconds=2,
    tasks=1_000_000,
    contestants=("ours", "limit", "fastapi_asyncpg", "orm", "litestar_asyncpg"),
    is_full=True,
)
QUICK: Final = Size(
    rounds=3,
    seconds=1,
    tasks=100_000,
    contestants=("ours", "limit", "fastapi_asyncpg", "orm"),
    is_full=False,
)


async def prepared(stage: Stage, size: Size) -> dict[str, Measurement]:
    """Return what is measured in each round, in this order."""
    long_list = scaling.LONG_LIST if size.is_full else 0
    say(f"Making {size.tasks + long_list:,} tasks …")
    address, rows = await stage.database(tasks=size.tasks, long_list=long_list)
    say("Starting servers, comparing their answers …")
    measurements, ours = await beside_others(
        stage, size.contestants, address, rows, seconds=size.seconds
    )
    if size.is_full:
        say("Walking to the deepest page, making smaller databases, starting more servers …")
        measurements |= await scaling.deep_pages(stage, ours, rows)
        measurements |= await scaling.more_rows(stage, ours, rows, tasks=size.tasks)
        measurements |= await scaling.more_processes(stage, address, rows, seconds=size.seconds)
        measurements |= await scaling.more_workers(stage)
        measurements["start"] = partial(starting, stage, address)
    return measurements


async def run(size: Size, folder: Path) -> None:
    cores = share_out()
    about = machine() | {"load from": generator(), "share of the cores": cores.label}
    if generator() != "wrk":
        say(NO_WRK)
    keep_to(cores.load)
    async with AsyncExitStack() as stack:
        say("Starting PostgreSQL …")
        server = await stack.enter_async_context(postgres())
        about |= {"postgresql": f"{server.version} ({server.origin})"}
        stage = _stage(stack, server, folder, cores)
        measured = await rounds(await prepared(stage, size), count=size.rounds)
    _tell(size, measured, about)


def _stage(stack: AsyncExitStack, server: Postgres, folder: Path, cores: Cores) -> Stage:
    key = secrets.token_hex(32)
    tokens = AccessTokens(
        keys=[key],
        algorithm="HS256",
        issuer=ISSUER,
        lifetime=data.LIFETIME,
        now=lambda: dt.datetime.now(dt.UTC),
    )
    return Stage(
        stack=stack,
        postgres=server,
        servers=Servers(stack, folder, key),
        folder=folder,
        cores=cores,
        fill=partial(data.fill, tokens=tokens),
    )


def _tell(size: Size, measured: dict[str, list[Figures]], about: dict[str, str]) -> None:
    """Print tables and, as the last line, the ratios as JSON; keep what a full run measured.

    A quick run's tables go where its progress goes: its output is that line alone.
    """
    found = report.series(measured)
    figures = report.figures_of(found)
    on = "\n".join(f"- {name}: {what}" for name, what in about.items())
    told = "\n\n".join((table(figures), report.contestants_table(found), on))
    if size.is_full:
        print(f"\n{told}\n")
        path = save("http", figures, measured=found, machine=about, size=asdict(size))
        path.with_suffix(".md").write_text(f"{told}\n", encoding="utf-8")
        from bench.http.plots import draw  # noqa: PLC0415 - nothing else needs matplotlib

        drawn = ", ".join(str(picture.relative_to(ROOT)) for picture in draw(found))
        say(f"Written to {path}, beside it as Markdown, and drawn: {drawn}")
    else:
        say(f"\n{told}\n")
    print(orjson.dumps(report.medians(found)).decode())


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the ratios alone, in 90 seconds")
    size = QUICK if parser.parse_args().quick else FULL
    if size.is_full and not (find_spec("litestar") and find_spec("matplotlib")):
        parser.error("Litestar and matplotlib are not installed here: `make bench` sees to it")
    run_in_folder(
        partial(run, size),
        explained=dict.fromkeys(
            (AnswersDiffer, DoesNotServe, NotAnswered), lambda error, _folder: str(error)
        ),
    )


if __name__ == "__main__":
    main()
