from typing import Any

import orjson
import pytest
from pydantic import Field, ValidationError

from app.core.http.schema_types import MAX_ERRORS, Body, invalid


class Inner(Body):
    count: int


class Outer(Body):
    inner: Inner
    items: list[Inner] = Field(default_factory=list)


def problems(body: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(body)
    errors = invalid(error.value, within="pointer").errors
    return [(each["pointer"], each["code"]) for each in errors]


@pytest.mark.parametrize("body", [[], "text", 1, None, True])
def test_a_body_that_is_not_an_object_is_refused(body: Any) -> None:
    assert problems(body) == [("", "wrong_type")]


def test_all_errors_are_reported_at_once_with_their_pointers() -> None:
    body = {"inner": {"count": "1", "a": 1}, "items": [{"count": 1}, {}, []], "b": 1}
    assert problems(body) == [
        ("/inner/count", "wrong_type"),
        ("/inner/a", "unknown_field"),
        ("/items/1/count", "required"),
        ("/items/2", "wrong_type"),
        ("/b", "unknown_field"),
    ]


def test_slashes_and_tildes_in_a_key_are_escaped_in_pointers() -> None:
    assert problems({"inner": {"count": 1}, "a/b~c": 1}) == [("/a~1b~0c", "unknown_field")]


def test_a_long_key_is_cut_before_it_is_echoed() -> None:
    assert problems({"inner": {"count": 1}, "k" * 1000: 1}) == [("/" + "k" * 64, "unknown_field")]


@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x85", "\u202e", "\u2028"])
def test_dangerous_characters_of_a_key_are_removed(character: str) -> None:
    key = f"a{character}b"
    assert problems({"inner": {"count": 1}, key: 1}) == [("/a\ufffdb", "unknown_field")]


def test_a_lone_surrogate_in_a_key_is_refused_with_an_answer_that_can_be_written() -> None:
    [(pointer, found)] = problems({"inner": {"count": 1}, "a\ud800": 1})
    assert found == "invalid_text"
    assert orjson.dumps(pointer)


def test_an_answer_reports_at_most_a_hundred_errors() -> None:
    body = {"inner": {"count": 1}} | {f"k{n}": n for n in range(1000)}
    assert len(problems(body)) == MAX_ERRORS == 100


def test_a_body_is_immutable() -> None:
    body = Inner(count=1)
    with pytest.raises(ValidationError):
        body.count = 2  # type: ignore[misc]  # that is the point
