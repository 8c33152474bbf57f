"""The values of a task, which are always valid."""

import pytest

from app.core.exceptions import Invalid
from app.modules.task.domain.entities import Labels, Priority, Title


def pointers(refusal: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [error["pointer"] for error in refusal.value.errors]


@pytest.mark.parametrize("text", ["x", "x" * 200, " x ", "ção", "🏗" * 200])
def test_a_title_has_1_to_200_characters(text: str) -> None:
    assert Title(text).value == text


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u2003", "x" * 201, "x" + " " * 200], ids=ascii)
def test_a_title_that_is_blank_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Title(text)
    assert pointers(refusal) == ["/title"]


@pytest.mark.parametrize("values", [(), ("x",), ("x" * 40,), tuple("abcdefghij"), ("home", "Home")])
def test_labels_are_up_to_ten_of_1_to_40_characters(values: tuple[str, ...]) -> None:
    assert Labels(values).values == values


@pytest.mark.parametrize(
    "values",
    [tuple("abcdefghijk"), ("home", "home"), ("",), ("fine", " "), ("x" * 41,), ("x" + " " * 40,)],
    ids=["eleven", "twice the same", "empty", "blank", "too long", "too long with blanks"],
)
def test_labels_that_break_a_rule_are_refused(values: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refusal:
        Labels(values)
    assert pointers(refusal) == ["/labels"]


def test_priorities_rise_from_low_to_urgent() -> None:
    rising = [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT]
    assert sorted(Priority, key=lambda priority: priority.rank) == rising
    assert [priority.rank for priority in rising] == [0, 1, 2, 3]
