"""What was measured, and how it is told."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import orjson

Rounds: TypeAlias = Sequence[Sequence[float]]
"""Of each round, what it saw: one throughput, or many waits."""

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the table: which measurements it sums up, and what is hoped of them."""

    title: str
    of: str
    unit: str
    percentile: float = 50.0
    goal: float | None = None
    wanted: Literal["at least", "at most"] = "at least"
    floor: str | None = None
    """The measurements that these are compared with, such as what the machine does without us."""
    goal_of_floor: float | None = None
    """What is hoped of the ratio to the floor, instead of a goal for the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A line that was measured."""

    line: Line
    value: float
    lowest: float
    highest: float
    of_floor: float | None

    @property
    def is_met(self) -> bool | None:
        goal, value = self.line.goal, self.value
        if self.line.goal_of_floor is not None and self.of_floor is not None:
            goal, value = self.line.goal_of_floor, self.of_floor
        if goal is None:
            return None
        return value >= goal if self.line.wanted == "at least" else value <= goal


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that so many per cent of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def summed_up(line: Line, measured: Mapping[str, Rounds]) -> Figure:
    """Return the percentile over all rounds, and that of the lowest and the highest round."""
    rounds = measured[line.of]
    of_each = [percentile(one, line.percentile) for one in rounds]
    value = _over_all(rounds, line.percentile)
    return Figure(
        line=line,
        value=value,
        lowest=min(of_each),
        highest=max(of_each),
        of_floor=value / _over_all(measured[line.floor], line.percentile) if line.floor else None,
    )


def _over_all(rounds: Rounds, percent: float) -> float:
    return percentile((value for one in rounds for value in one), percent)


def table(figures: Iterable[Figure]) -> str:
    """Return it in Markdown."""
    rows = [
        ("measured", "value", "lowest to highest round", "goal", "", "of the floor"),
        ("---", "--:", "---", "--:", "---", "--:"),
        *_cells(figures),
    ]
    has_floor = any(cell for *_, cell in rows[2:])
    return in_columns(*(row if has_floor else row[:-1] for row in rows))


def in_columns(*rows: Sequence[str]) -> str:
    """Return a table in Markdown: the first row is its head, the second says how it is aligned."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _cells(figures: Iterable[Figure]) -> Iterable[Sequence[str]]:
    for figure in figures:
        line = figure.line
        yield (
            line.title,
            f"{number(figure.value)} {line.unit}",
            f"{number(figure.lowest)} to {number(figure.highest)}",
            _goal(line),
            {None: "", True: "met", False: "**missed**"}[figure.is_met],
            "" if figure.of_floor is None else f"{figure.of_floor:.2f}",
        )


def _goal(line: Line) -> str:
    sign = "≥" if line.wanted == "at least" else "≤"
    if line.goal_of_floor is not None:
        return f"{sign} {number(line.goal_of_floor)} of the floor"
    return "" if line.goal is None else f"{sign} {number(line.goal)}"


def number(value: float) -> str:
    """Return it with three digits, or as many as it has before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def save(
    name: str, figures: Iterable[Figure], *, measured: Mapping[str, Rounds], **about: Any
) -> Path:
    """Write it all down for programs; return where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{dt.datetime.now().astimezone():%Y-%m-%dT%H%M%S}.json"
    everything = about | {"figures": list(figures), "measured": measured}
    path.write_bytes(orjson.dumps(everything, option=orjson.OPT_INDENT_2) + b"\n")
    return path
