import pytest

from bench.figures import Line, percentile, summed_up, table

THROUGHPUT = Line(title="publish", of="ours", unit="tx/s", goal=1_200, floor="floor")
WAIT = Line(title="take: p99", of="waits", unit="ms", percentile=99, goal=20, wanted="at most")
MEASURED = {"ours": [[900], [1_300], [1_250]], "floor": [[2_500], [2_400], [2_600]]}


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([3, 1, 2], 50, 2), ([1, 2, 3, 4], 50, 2), (range(1, 101), 99, 99), ([7], 99, 7), ([7], 0, 7)],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_rounds_are_summed_up_by_their_median_their_spread_and_the_machine() -> None:
    figure = summed_up(THROUGHPUT, MEASURED)
    assert (figure.value, figure.lowest, figure.highest) == (1_250, 900, 1_300)
    assert figure.of_floor == 0.5
    assert figure.is_met


def test_waits_are_summed_up_over_all_rounds() -> None:
    figure = summed_up(WAIT, {"waits": [[1.0] * 99 + [50.0], [2.0] * 100]})
    assert (figure.value, figure.lowest, figure.highest) == (2.0, 1.0, 2.0)
    assert figure.is_met


def test_a_missed_goal_is_reported() -> None:
    slow = summed_up(WAIT, {"waits": [[20.1]]})
    few = summed_up(THROUGHPUT, MEASURED | {"ours": [[1_199]]})
    assert (slow.is_met, few.is_met) == (False, False)
    shown = table([slow, few])
    assert shown.count("**missed**") == 2
    assert "| publish | 1,199 tx/s | 1,199 to 1,199 | ≥ 1,200 | **missed** | 0.48 |" in shown


def test_a_goal_of_the_ratio_is_compared_with_the_ratio() -> None:
    line = Line(title="publish", of="ours", unit="tx/s", floor="floor", goal_of_floor=0.5)
    assert summed_up(line, MEASURED).is_met
    slower = summed_up(line, MEASURED | {"ours": [[1_200]]})
    assert slower.is_met is False
    assert "| ≥ 0.5 of the floor | **missed** | 0.48 |" in table([slower])


def test_the_ratio_of_a_percentile_is_that_of_the_same_percentile() -> None:
    line = Line(title="take", of="waits", unit="ms", percentile=99, floor="others")
    measured = {"waits": [[1.0] * 9 + [8.0]], "others": [[1.0] * 9 + [4.0]]}
    assert summed_up(line, measured).of_floor == 2


def test_a_figure_without_goal_and_floor_shows_none() -> None:
    figure = summed_up(Line(title="nothing", of="floor", unit="tx/s"), MEASURED)
    assert figure.is_met is None
    shown = table([figure])
    assert shown.endswith("| nothing | 2,500 tx/s | 2,400 to 2,600 |  |  |")
    assert "floor" not in shown
