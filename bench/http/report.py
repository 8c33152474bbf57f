"""From the figures of rounds to ratios, and how they are told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from bench.figures import Figure, in_columns, number, percentile, summed_up
from bench.http.lines import BESIDE_OTHERS, NAMES, OWN_EMPTY_ROUTE, PLAIN, SCALING, WORKLOADS
from bench.http.measurements import Figures

Series: TypeAlias = dict[str, list[list[float]]]
"""Of each figure, what it was in each round."""


def series(measured: Mapping[str, Sequence[Figures]]) -> Series:
    """Return each figure by itself, and the ratios of those that were measured."""
    found = {
        f"{name} {figure}": [[one[figure]] for one in of_rounds]
        for name, of_rounds in measured.items()
        for figure in of_rounds[0]
    }
    for ratio in (*BESIDE_OTHERS, *SCALING):
        if ratio.above in found and ratio.below in found:
            pairs = zip(found[ratio.above], found[ratio.below], strict=True)
            found[ratio.name] = [[above / below] for (above,), (below,) in pairs]
    return found


def figures_of(found: Series) -> list[Figure]:
    """Return the lines that were measured, summed up."""
    lines = [*(ratio.line for ratio in (*BESIDE_OTHERS, *SCALING)), *PLAIN]
    return [summed_up(line, found) for line in lines if line.of in found]


def medians(found: Series) -> dict[str, dict[str, float]]:
    """Return the median of each ratio, by workload."""
    told: dict[str, dict[str, float]] = {}
    for ratio in BESIDE_OTHERS:
        if ratio.name in found:
            kind, name = ratio.name.split()
            told.setdefault(kind, {})[name] = round(median(found[ratio.name]), 3)
    return told


def contestants_table(found: Series) -> str:
    """Return who did how much, in Markdown."""
    head = ("workload", "who", "requests/s", "lowest to highest", "p99 ms", "CPU µs a request")
    return in_columns(head, ("---", "---", "--:", "---", "--:", "--:"), *_rows(found))


def _rows(found: Series) -> Iterator[Sequence[str]]:
    for kind, title in WORKLOADS.items():
        for name, words in NAMES.items():
            if (rates := found.get(f"{kind} {name} rate")) is None:
                continue
            of_each = [rate for (rate,) in rates]
            yield (
                f"{kind} {title}" if name == "ours" else "",
                OWN_EMPTY_ROUTE if kind == "W4" and name != "ours" else words,
                number(median(rates)),
                f"{number(min(of_each))} to {number(max(of_each))}",
                number(median(found[f"{kind} {name} p99"])),
                number(median(found[f"{kind} {name} cpu"])),
            )


def median(of_rounds: Sequence[Sequence[float]]) -> float:
    return percentile((value for one in of_rounds for value in one), 50)
