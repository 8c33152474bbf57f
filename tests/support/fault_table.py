"""What a run of the fault tests comes to, on one screen: shown at its end."""

import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tests.support.ledger import Ledger

WRONG: Final = {
    "lost": re.compile("acknowledged, and not in the log|without a delivery|done, but lost"),
    "duplicate effects": re.compile("[0-9]+ effects|in the log twice"),
    "out of order": re.compile("out of order|an effect, though one before it is dead"),
    "stuck": re.compile("unfinished"),
}
COLUMNS: Final = ("rounds", "acknowledged", *WRONG)


class Row(NamedTuple):
    """What came of one fault; plain values, so that it may come from another process."""

    fault: str
    counts: Sequence[int]


class FaultTable:
    """A line for each fault, over all databases and brokers that it was tried on."""

    def __init__(self) -> None:
        self._counts: dict[str, Sequence[int]] = defaultdict(lambda: [0] * len(COLUMNS))

    def add(self, row: Row) -> None:
        pairs = zip(self._counts[row.fault], row.counts, strict=True)
        self._counts[row.fault] = [so_far + more for so_far, more in pairs]

    def lines(self) -> Iterator[str]:
        if not self._counts:
            return
        width = max(map(len, self._counts))
        yield "  ".join(["fault".ljust(width), *COLUMNS])
        for fault, counts in sorted(self._counts.items()):
            cells = [f"{n:>{len(name)}}" for name, n in zip(COLUMNS, counts, strict=True)]
            yield "  ".join([fault.ljust(width), *cells])


def row(fault: str, rounds: int, ledger: Ledger) -> Row:
    """Return the line of one fault; `acknowledged` are events, as their publishers know them."""
    violations = ledger.violations()
    wrong = [sum(bool(kind.match(each)) for each in violations) for kind in WRONG.values()]
    # Where nobody kept a book, all that were committed.
    return Row(fault, [rounds, len(ledger.acknowledged or ledger.events), *wrong])


def chosen_seed() -> str:
    """Return what the dice are to be made of: what is asked for, or something new."""
    return os.environ.get("FAULTS_SEED") or str(random.SystemRandom().randrange(10**9))
