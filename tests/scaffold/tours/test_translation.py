"""README.pt-BR.md shows the commands and the answers of README.md."""

import pytest

from tests.scaffold.tours.tour import steps
from tests.support.guides import Section, sections_run_by

ENGLISH = (
    Section("README.md", "Five minutes"),
    Section("README.md", "Your own project in five minutes"),
)


@pytest.mark.parametrize(
    ("original", "translated"), list(zip(ENGLISH, sections_run_by(__file__), strict=True))
)
def test_the_translated_tour_has_the_same_commands_and_answers(
    original: Section, translated: Section
) -> None:
    tour = steps(original)
    assert len(tour) >= 6
    assert steps(translated) == tour
