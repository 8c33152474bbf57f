import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.http import strict_json
from app.core.http.strict_json import MAX_DEPTH, MAX_VALUES, MalformedJson, decode, encode

DEEP = f"The body is nested deeper than {MAX_DEPTH} levels."


def refusal(body: bytes, *, most_values: int = MAX_VALUES) -> str:
    """Return the error for a body that must be refused."""
    with pytest.raises(MalformedJson) as refused:
        decode(body, most_values=most_values)
    assert refused.value.code == "malformed_json"
    return refused.value.detail


@pytest.mark.parametrize("body", [b"", b" ", b" \t\r\n "])
def test_an_empty_body_is_refused(body: bytes) -> None:
    assert refusal(body) == "The body is empty; send a JSON document."


@pytest.mark.parametrize(
    "body",
    [
        b'{"a"',
        b'{"a":',
        b"[1,",
        b'"half',
        b'"\\',
        b'"\\u12',
        b"tru",
        b"-",
        b"1.",
        b"1e",
        b"[1] [2]",
        b"{} x",
        b"[1,]",
        b'{"a":1,}',
        b"{a:1}",
        b"['a']",
        b"// a comment\n1",
        b"01",
        b"+1",
        b".5",
        b"0x10",
        b"1_000",
        b'"a\nb"',
        b'"a\x00b"',
        b'"\\x41"',
        b"True",
        b"undefined",
    ],
)
def test_truncated_and_invalid_json_is_refused(body: bytes) -> None:
    assert refusal(body).startswith("The body is not valid JSON: line ")


def test_a_refusal_says_where_the_error_is() -> None:
    assert refusal(b'{\n  "a" 1}') == "The body is not valid JSON: line 2, column 7."


@pytest.mark.parametrize(
    "body",
    [
        b'"\xff"',
        b'"caf\xe9"',  # Latin-1
        b'"\xc0\xaf"',  # an overlong slash
        b'"\xed\xa0\x80"',  # a surrogate, as CESU-8 has it
        b'"\xf4\x90\x80\x80"',  # beyond U+10FFFF
        b'"\xe2\x82"',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32"),
    ],
)
def test_another_encoding_than_utf_8_is_refused(body: bytes) -> None:
    assert refusal(body) == "The body is not UTF-8."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_neither_a_byte_order_mark_nor_wide_characters_are_json(encoding: str) -> None:
    refusal('{"a": 1}'.encode(encoding))


@pytest.mark.parametrize("body", [b"NaN", b"Infinity", b"-Infinity", b"[NaN]", b'{"a": -Infinity}'])
def test_nan_and_infinity_are_refused(body: bytes) -> None:
    assert refusal(body) == "NaN and Infinity are not JSON."


@pytest.mark.parametrize(
    ("opening", "closing"),
    [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"[\\"":', b"}]")],
    ids=["arrays", "objects", "both"],
)
def test_nesting_is_read_to_its_limit_and_refused_beyond(opening: bytes, closing: bytes) -> None:
    levels = MAX_DEPTH // (opening.count(b"[{") + 1)
    assert decode(opening * levels + b"1" + closing * levels)
    deeper = b"[" + opening * levels + b"1" + closing * levels + b"]"
    assert refusal(deeper) == DEEP


def test_brackets_in_strings_do_not_count_as_levels() -> None:
    text = '[{"\\[\\\\' * 100
    assert decode(json.dumps([text, {text: 1}]).encode()) == [text, {text: 1}]


def test_brackets_after_an_escaped_quote_are_still_inside_of_the_string() -> None:
    assert decode(b'"\\"' + b"[" * 100 + b'"') == '"' + "[" * 100


def test_brackets_after_an_escaped_backslash_are_outside_of_the_string() -> None:
    body = b'["\\\\",' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"]"
    assert refusal(body) == DEEP


def test_sibling_levels_do_not_add_up() -> None:
    assert decode(b"[" + b"[[]]," * 100 + b"{}]") == [[[]]] * 100 + [{}]


def test_a_million_levels_are_refused_without_parsing() -> None:
    assert refusal(b"[" * 1_000_000) == DEEP


MANY = f"The body has more than {MAX_VALUES} values."


@pytest.mark.parametrize("text", [b"1", b'"["', b'"\\""', b"[[]]", b'"k":1', b"{}"])
def test_more_values_than_allowed_are_refused_before_any_is_read(text: bytes) -> None:
    """Otherwise the error would be about the first value, which is invalid."""
    assert refusal(b"[x," + b",".join([text] * MAX_VALUES) + b"]") == MANY


def test_as_many_values_as_allowed_are_read() -> None:
    assert decode(b"[" + b",".join([b"1"] * MAX_VALUES) + b"]") == [1] * MAX_VALUES
    keys = ",".join(f'"[,{number}": ["[,"]' for number in range(MAX_VALUES // 2))
    assert len(decode(b"{%s}" % keys.encode())) == MAX_VALUES // 2


def test_keys_and_items_of_all_depths_add_up() -> None:
    items = b"[" + b",".join([b"[1]"] * (MAX_VALUES // 2)) + b"]"
    assert decode(items)
    assert refusal(b'{"a": %s}' % items) == MANY


def test_another_number_of_values_may_be_allowed() -> None:
    assert decode(b"[1,2]", most_values=2) == [1, 2]
    assert refusal(b"[1,2,3]", most_values=2) == "The body has more than 2 values."


@pytest.mark.parametrize("text", [b",", b"[", b"{", b"]", b'\\"', b"\\\\", b"[]{},"])
def test_a_long_string_holds_any_signs(text: bytes) -> None:
    assert decode(b'"%s"' % (text * 3000)) == json.loads(b'"%s"' % (text * 3000))


@pytest.mark.parametrize("text", [b'"', b'\\"', b'"[', b'\\"[,', b"[" * 33 + b"]"])
def test_a_string_without_an_end_is_read_once(text: bytes) -> None:
    """Not once for each of its quotes, which would take the square of their number: minutes."""
    refusal(b'"' + text * 500_000)


def test_too_many_closing_brackets_are_invalid() -> None:
    assert refusal(b"[" * 33 + b"]" * 60_000) == DEEP
    assert refusal(b"[]" * 33 + b"]" * 60_000).startswith("The body is not valid JSON: line 1")


@pytest.mark.parametrize("number", ["9" * 40, "-" + "9" * 39, "0." + "1" * 38, "1e-400", "1E+308"])
def test_long_numbers_are_read_up_to_forty_characters(number: str) -> None:
    assert decode(number.encode()) == json.loads(number)


@pytest.mark.parametrize(
    "number",
    [
        "9" * 41,
        "-" + "9" * 40,
        "0." + "1" * 39,
        pytest.param("1" * 5000, id="five thousand digits"),
        "1e309",
        "-1e309",
        "1e99999999",
    ],
)
def test_too_long_and_overflowing_numbers_are_refused(number: str) -> None:
    expected = "The body has a number that is too long or too large."
    assert refusal(number.encode()) == expected
    assert refusal(b'{"a": [' + number.encode() + b"]}") == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "b": 2, "a": 3}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"b": {"a": 1, "a": null}}]',
        b'{"": 1, "": 2}',
    ],
)
def test_the_same_key_twice_is_refused_at_any_depth(body: bytes) -> None:
    assert refusal(body) == "The body has an object with the same key twice."


def test_the_same_key_in_two_objects_is_allowed() -> None:
    assert decode(b'{"a": {"a": [{"a": 1}, {"a": 2}]}}') == {"a": {"a": [{"a": 1}, {"a": 2}]}}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**38), max_value=10**38)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values, st.booleans())
def test_values_are_equal_after_writing_and_reading(value: Any, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    assert decode(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary() | st.text(alphabet='[]{}":,\\ntfu0123456789eE+-. ').map(str.encode))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(body: bytes) -> None:
    with suppress(MalformedJson):
        decode(body)


class DriversOwnUuid(UUID):
    """asyncpg returns such ids."""


@dataclass
class Answer:
    id: UUID
    at: datetime


@pytest.mark.parametrize("kind", [UUID, DriversOwnUuid])
def test_answers_are_written_as_objects_with_times_ending_in_z(kind: type[UUID]) -> None:
    answer = Answer(kind("018f3c1e-0000-7000-8000-000000000000"), datetime(2026, 1, 1, tzinfo=UTC))
    expected = b'{"id":"018f3c1e-0000-7000-8000-000000000000","at":"2026-01-01T00:00:00Z"}'
    assert encode(answer) == expected


def test_a_value_without_a_form_in_json_is_a_defect() -> None:
    with pytest.raises(TypeError):
        strict_json.encode({"a": object()})
