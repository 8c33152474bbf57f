"""The pictures of a run: they tell the figures, and neither when nor where they were made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.http.report import Series, median
from bench.http.scaling import FEWER_ROWS, PAGES
from bench.processes import ROOT

FOLDER: Final = ROOT / "docs" / "architecture"
STYLE: Final = {
    "svg.hashsalt": "bench",  # else its ids are drawn at random
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
NOTHING_OF_ITS_ORIGIN: Final = {"Date": None, "Creator": None}
COLOURS: Final = ("#24557a", "#c8722d", "#6b8e4e")

OTHERS: Final = {
    "x_fastapi_asyncpg": "FastAPI + asyncpg",
    "x_litestar": "Litestar + asyncpg",
    "x_orm": "FastAPI + SQLAlchemy ORM",
}
TASKS: Final = {"W1": "read one", "W2": "list 20", "W3": "create"}


def draw(found: Series, folder: Path = FOLDER) -> list[Path]:
    """Write all pictures; return where."""
    with mpl.rc_context(STYLE):
        return [
            _saved(_ratios(found), folder / "performance-ratios.svg"),
            _saved(_page_depth(found), folder / "performance-page-depth.svg"),
            _saved(_rows(found), folder / "performance-rows.svg"),
        ]


def _saved(figure: Figure, path: Path) -> Path:
    figure.savefig(path, format="svg", metadata=NOTHING_OF_ITS_ORIGIN)
    # As the editors of this repository leave it: no blanks at the ends of lines.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
    return path


def _ratios(found: Series) -> Figure:
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    beside, limit = figure.subplots(1, 2, width_ratios=[2.4, 1])
    _bars(beside, found, OTHERS)
    beside.axhline(1, color="#888888", linewidth=0.8)
    beside.set_title("Requests a second: ours, as a multiple of …")
    beside.legend(frameon=False, fontsize="small")
    _bars(limit, found, {"of_limit": "the limit"})
    limit.set_ylim(0, 1)
    limit.set_title("… and of the limit")
    return figure


def _bars(axes: Axes, found: Series, ratios: Mapping[str, str]) -> None:
    width = 0.8 / len(ratios)
    for number, (ratio, words) in enumerate(ratios.items()):
        places = [place + (number - (len(ratios) - 1) / 2) * width for place in range(len(TASKS))]
        heights = [median(found[f"{kind} {ratio}"]) for kind in TASKS]
        bars = axes.bar(places, heights, width * 0.92, label=words, color=COLOURS[number])
        axes.bar_label(bars, fmt="%.2g", fontsize="small")
    axes.set_xticks(range(len(TASKS)), [f"{kind}\n{words}" for kind, words in TASKS.items()])


def _page_depth(found: Series) -> Figure:
    times = {"a page of 20 tasks": [median(found[f"page {number} p50"]) for number in PAGES]}
    return _times(PAGES, times, "page of the list, counted from the newest")


def _rows(found: Series) -> Figure:
    counts = [*FEWER_ROWS, 1_000_000]
    times = {
        f"{kind}, {TASKS[kind]}": [median(found[f"{kind} of {count} p50"]) for count in counts]
        for kind in ("W1", "W2")
    }
    return _times(counts, times, "tasks in the table")


def _times(places: Sequence[int], times: Mapping[str, Sequence[float]], along: str) -> Figure:
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    for colour, (words, values) in zip(COLOURS, times.items(), strict=False):
        axes.plot(places, values, marker="o", label=words, color=colour)
    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel(along)
    axes.set_ylabel("ms, median of one at a time")
    axes.legend(frameon=False)
    return figure
