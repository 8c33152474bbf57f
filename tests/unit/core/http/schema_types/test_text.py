from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter

from app.core.http.schema_types import Length, Line, Opaque, Text
from tests.unit.core.http.schema_types.sending import code, read, refusals

KINDS: dict[str, Any] = {"opaque": Opaque, "text": Text, "line": Line}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    "value", ["", "Olá, Ana", "日本語", "👩‍👩‍👧", "a\u00a0b", "\u200e", "'; --"]
)
def test_text_in_any_language_is_accepted(kind: Any, value: str) -> None:
    assert read(kind, value) == value


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("value", [12, 1.5, True, None, ["a"], {"a": "b"}])
def test_nothing_but_a_string_is_text(kind: Any, value: Any) -> None:
    assert code(kind, value) == "wrong_type"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", "\udc00\ud800"])
def test_lone_surrogates_are_refused_everywhere(kind: Any, value: str) -> None:
    assert code(kind, value) == "invalid_text"


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x0b", "\r", "\x1b", "\x7f", "\x85", "\x9b"]
)
def test_control_characters_are_refused_in_text_and_lines(character: str) -> None:
    assert code(Text, f"a{character}b") == "invalid_text"
    assert code(Line, f"a{character}b") == "invalid_text"
    assert read(Opaque, f"a{character}b") == f"a{character}b"


@pytest.mark.parametrize("character", ["\t", "\n", "\u2028", "\u2029"])
def test_a_line_refuses_line_breaks_and_a_text_accepts_them(character: str) -> None:
    assert code(Line, f"a{character}b") == "invalid_text"
    assert read(Text, f"a{character}b") == f"a{character}b"


@pytest.mark.parametrize(
    "character", [*"\u202a\u202b\u202c\u202d\u202e", *"\u2066\u2067\u2068\u2069"]
)
def test_a_line_refuses_characters_that_reverse_its_direction(character: str) -> None:
    assert code(Line, f"a{character}b") == "invalid_text"


@pytest.mark.parametrize("kind", [Text, Line], ids=["text", "line"])
def test_text_is_normalized_so_that_two_spellings_are_equal(kind: Any) -> None:
    assert read(kind, "Ana\u0301") == read(kind, "Aná") == "Aná"


def test_an_opaque_text_is_not_changed() -> None:
    assert read(Opaque, "Ana\u0301 \u202e\n") == "Ana\u0301 \u202e\n"


@pytest.mark.parametrize("kind", [Text, Line], ids=["text", "line"])
def test_more_than_thirty_marks_in_a_row_are_refused(kind: Any) -> None:
    """Normalizing them takes the square of their number: 350 kB took 35 seconds."""
    [refused] = refusals(kind, "e" + "\u0301\u0323" * 15 + "\u0301")
    assert (refused["code"], refused["detail"]) == (
        "invalid_text",
        "must not contain more than 30 combining marks in a row",
    )
    assert read(kind, "e" + "\u0301\u0323" * 15).startswith("\u1eb9")


@pytest.mark.parametrize("kind", [Text, Line], ids=["text", "line"])
def test_a_text_that_is_too_long_in_any_normalization_is_refused_before_it(kind: Any) -> None:
    assert code(Annotated[kind, Length(1, 3)], "\x00" * 13) == "too_long"
    assert code(Annotated[kind, Length(1, 3)], "\x00" * 12) == "invalid_text"


def test_a_text_of_the_longest_decompositions_is_accepted() -> None:
    assert read(Annotated[Line, Length(1, 3)], "\u03b1\u0313\u0300\u0345" * 3) == "\u1f82" * 3


def test_the_length_is_counted_after_normalization() -> None:
    short = Annotated[Line, Length(0, 3)]
    assert read(short, "e\u0301" * 3) == "é" * 3
    # U+FB2C is one of the few that become longer: it is stored as three characters.
    assert code(short, "\ufb2c\ufb2c") == "too_long"


@pytest.mark.parametrize("rule", [Length(2, 4), Field(min_length=2, max_length=4)], ids=repr)
@pytest.mark.parametrize("kind", [*KINDS.values(), str], ids=[*KINDS, "str"])
@pytest.mark.parametrize(
    ("value", "expected", "detail"),
    [
        ("a", "too_short", "must have 2 or more characters"),
        ("abcde", "too_long", "must have at most 4 characters"),
        ("a" * 1000, "too_long", "must have at most 4 characters"),
    ],
)
def test_a_wrong_length_is_reported_in_characters(
    kind: Any, rule: Any, value: str, expected: str, detail: str
) -> None:
    [refused] = refusals(Annotated[kind, rule], value)
    assert refused == {"pointer": "/field", "code": expected, "detail": detail}


@pytest.mark.parametrize(
    ("value", "expected", "detail"),
    [
        ([], "too_short", "must have 1 or more items"),
        (["a"] * 3, "too_long", "must have at most 2 items"),
    ],
)
def test_a_wrong_number_of_items_is_reported_in_items(
    value: list[str], expected: str, detail: str
) -> None:
    [refused] = refusals(Annotated[list[Line], Field(min_length=1, max_length=2)], value)
    assert refused == {"pointer": "/field", "code": expected, "detail": detail}


def test_a_text_of_a_wrong_format_is_refused_with_the_format() -> None:
    [refused] = refusals(Annotated[str, Field(pattern=r"^[a-z]+$")], "A1")
    assert (refused["code"], refused["detail"]) == ("invalid_format", "must match ^[a-z]+$")


@pytest.mark.parametrize("kind", [Text, Line], ids=["text", "line"])
def test_a_length_is_documented(kind: Any) -> None:
    schema = TypeAdapter(Annotated[kind, Length(1, 3)]).json_schema()
    assert schema == {"type": "string", "minLength": 1, "maxLength": 3}
