"""A type without a form in JSON is found at the start, and reported in a sentence."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, NotRequired, TypedDict, TypeVar
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.http import strict_json
from app.core.json_forms import NoForm, require_form
from app.shared.application.dto import BaseResponse, CursorPage
from app.shared.domain.value_objects import EmailAddress, Money

Item = TypeVar("Item")


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 1


class Odd(Enum):
    PATH = Path("/")


class Options(TypedDict):
    name: str
    at: NotRequired[dt.time]


@dataclass
class View(BaseResponse):
    price: Money
    lengths: list[dt.timedelta]
    parts: list["View"] = field(default_factory=list)


@dataclass
class Broken:
    tags: set[str]


@dataclass
class Wrapped(Generic[Item]):
    items: list[Item]
    again: "Wrapped[Item] | None" = None


Code = NewType("Code", str)


@pytest.mark.parametrize(
    "hint",
    [
        None,
        Any,
        str,
        Code,
        Decimal | None,
        Annotated[dt.date, "said"],
        Literal["a", 1],
        Colour,
        Level,
        dict[str, Any],
        Mapping[str, list[Decimal]],
        Sequence[Money],
        tuple[UUID, dt.datetime],
        tuple[float, ...],
        Options,
        View,
        CursorPage[View],
        Wrapped[Wrapped[Money]],
        list,
        EmailAddress,
    ],
    ids=str,
)
def test_a_type_of_answers_has_a_form(hint: Any) -> None:
    require_form(hint, of="it", is_read_back=True)


@pytest.mark.parametrize(
    ("hint", "problem"),
    [
        (set[str], "set[str] has no form in JSON: it has no order; use list"),
        (frozenset, "frozenset has no form in JSON: it has no order; use list"),
        (bytes, "bytes has no form in JSON: use a text, such as the bytes in base64"),
        (Path, "Path has no form in JSON"),
        (complex | None, "complex has no form in JSON"),
        (Odd, "Odd has no form in JSON"),
        (dict[UUID, str], "UUID cannot be a key of a JSON object; use str"),
        (dict[str, Path], "Path has no form in JSON"),
        (list[Broken], "Broken.tags: set[str] has no form in JSON: it has no order; use list"),
        (
            Wrapped[Broken],
            "Wrapped.items: Broken.tags: set[str] has no form in JSON: it has no order; use list",
        ),
        (
            Wrapped[bytes],
            "Wrapped.items: bytes has no form in JSON: use a text, such as the bytes in base64",
        ),
    ],
    ids=str,
)
def test_a_type_without_a_form_is_named_with_its_place(hint: Any, problem: str) -> None:
    with pytest.raises(NoForm) as refusal:
        require_form(hint, of="the answer of GET /things")
    assert str(refusal.value) == f"the answer of GET /things: {problem}."


@pytest.mark.parametrize(
    ("hint", "types"),
    [
        (Decimal | str, "Decimal and str"),
        (dt.date | dt.datetime | None, "date and datetime"),
        (UUID | Colour, "UUID and Colour"),
    ],
    ids=str,
)
def test_a_union_of_two_texts_can_be_answered_but_not_be_read_back(hint: Any, types: str) -> None:
    require_form(hint, of="it")
    with pytest.raises(NoForm) as refusal:
        require_form(hint, of="it", is_read_back=True)
    expected = f"it: JSON writes {types} as strings that look alike; use one type."
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+5"), '"100000"'),
        (Money(Decimal(5), "EUR"), '{"amount":"5.00","currency":"EUR"}'),
        (dt.date(2026, 1, 31), '"2026-01-31"'),
        (dt.time(9, 30), '"09:30:00"'),
        (dt.timedelta(minutes=90), '"PT1H30M"'),
        ([Decimal("0.10"), Decimal("-0.0")], '["0.10","0.0"]'),
        (
            {"at": dt.datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=dt.UTC)},
            '{"at":"2026-01-31T12:00:00.000005Z"}',
        ),
    ],
    ids=str,
)
def test_a_value_has_one_form(value: Any, text: str) -> None:
    assert strict_json.encode(value).decode() == text
    assert strict_json.encode(value, has_times=True).decode() == text


@given(st.times())
def test_a_time_is_written_to_the_microsecond(time: dt.time) -> None:
    assert orjson.loads(strict_json.encode(time, has_times=True)) == time.isoformat()


def test_a_time_with_an_offset_is_not_written() -> None:
    with pytest.raises(TypeError):
        strict_json.encode(dt.time(9, 30, tzinfo=dt.UTC), has_times=True)


def test_require_form_returns_the_types_of_the_values() -> None:
    assert require_form(Options | list[Colour], of="it") == {str, dt.time}


def test_nan_as_decimal_is_not_written() -> None:
    with pytest.raises(TypeError):
        strict_json.encode(Decimal("NaN"))
