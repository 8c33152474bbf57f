"""The table at the end of a run says what the ledger found, and adds up."""

from uuid import uuid4

from tests.support.fault_table import FaultTable, row
from tests.support.ledger import Delivered, Ledger, Logged
from tests.support.probe.world import DONE, READY


def books() -> Ledger:
    """Two events that were done in the wrong order, one twice, one lost, one unfinished."""
    stream = uuid4()
    first, second, lost, stuck = (
        Logged(uuid4(), stream, (version, 0), ("probe.keep",), f"m{version}")
        for version in range(1, 5)
    )
    states = {first: DONE, second: DONE, lost: DONE, stuck: READY}
    marks = {event.mark for event in states}
    return Ledger(
        events=list(states),
        deliveries={(event.id, "probe.keep"): Delivered(state) for event, state in states.items()},
        effects=[(each.id, "probe.keep") for each in (second, first, second)],
        meant=marks,
        acknowledged=marks,
    )


def test_each_kind_of_failure_has_its_column() -> None:
    assert row("all at once", 3, books()).counts == [3, 4, 1, 1, 1, 1]


def test_a_fault_that_was_tried_twice_has_one_line() -> None:
    table = FaultTable()
    for _ in range(2):
        table.add(row("all at once", 3, books()))

    _, line = table.lines()
    assert line.split()[3:] == ["6", "8", "2", "2", "2", "2"]
