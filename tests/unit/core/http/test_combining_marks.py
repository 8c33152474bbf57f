import sys
import unicodedata

import pytest

from app.core.http.combining_marks import MAX_MARKS, has_too_many_marks

ACUTE, DOT_BELOW = "\u0301", "\u0323"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lay the foundation",
        "Ação, Việt Nam, สวัสดี, नमस्ते, 日本語",
        "e" + ACUTE * MAX_MARKS,
        ("e" + ACUTE * MAX_MARKS) * 100,
    ],
)
def test_text_of_any_language_has_few_marks(text: str) -> None:
    assert not has_too_many_marks(text)


@pytest.mark.parametrize("before", ["", "e", "e" * 1000, ("e" + ACUTE) * 1000])
def test_thirty_one_marks_in_a_row_are_too_many(before: str) -> None:
    assert has_too_many_marks(before + (ACUTE + DOT_BELOW) * 15 + ACUTE)


def test_every_character_that_is_decomposed_into_marks_counts_as_marks() -> None:
    """With the Unicode version of this Python: another one may have more of them."""
    characters = (chr(code) for code in range(sys.maxunicode + 1))
    decomposed = ((each, unicodedata.normalize("NFKD", each)) for each in characters)
    marks = [each for each, parts in decomposed if all(map(unicodedata.combining, parts))]
    assert len(marks) > 800
    assert [hex(ord(each)) for each in marks if not has_too_many_marks(each * 31)] == []


def test_a_mark_that_decomposes_into_two_counts_twice() -> None:
    assert has_too_many_marks("\u0344" * 16)
    assert not has_too_many_marks("\u0344" * 15)
