from typing import Any

import pytest

from bench.http.compare import differences
from bench.http.report import figures_of, medians, series
from bench.http.wire import Answer

TASK = {"id": "1", "title": "Lay the foundation", "created_at": "2026-01-31T12:00:00Z"}
PAGE = {"items": [TASK], "next_cursor": "one of ours", "limit": 20}


def found(one: Answer, **changed: Any) -> list[str]:
    return list(differences(one, Answer(one.status, one.body | changed)))


def test_equivalent_answers_are_no_difference() -> None:
    elsewhere = TASK | {"created_at": "2026-01-31T12:00:00+00:00"}
    assert not found(Answer(200, PAGE), items=[elsewhere], next_cursor="another's")


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"items": [TASK | {"title": "Another"}]}, "body.items[0].title"),
        ({"items": [TASK | {"labels": []}]}, "body.items[0].labels"),
        ({"items": []}, "body.items"),
        ({"next_cursor": None}, "body.next_cursor"),
        ({"limit": 21}, "body.limit"),
    ],
)
def test_a_difference_is_reported_with_its_place(changed: dict[str, Any], place: str) -> None:
    (line,) = found(Answer(200, PAGE), **changed)
    assert line.startswith(f"{place}: ")


def test_two_created_objects_may_have_different_ids_and_times() -> None:
    own = {"id": "2", "created_at": "2026-02-01T12:00:00Z"}
    assert not found(Answer(201, TASK), **own)
    assert len(found(Answer(200, TASK), **own)) == 2


def test_an_equal_failure_of_all_is_a_difference() -> None:
    assert found(Answer(404, {})) == ["status: 404 and 404"]


def test_ratios_are_of_figures_of_the_same_round() -> None:
    measured = {
        "W1 ours": [{"rate": 400.0}, {"rate": 100.0}, {"rate": 300.0}],
        "W1 limit": [{"rate": 800.0}, {"rate": 500.0}, {"rate": 500.0}],
    }
    of_rounds = series(measured)
    assert of_rounds["W1 of_limit"] == [[0.5], [0.2], [0.6]]
    assert medians(of_rounds) == {"W1": {"of_limit": 0.5}}
    (figure,) = figures_of(of_rounds)
    assert (figure.value, figure.lowest, figure.highest, figure.is_met) == (0.5, 0.2, 0.6, True)
