"""A type that a client cannot send in exactly one form stops the start with a sentence."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, BeforeValidator, Field, create_model, field_validator

from app.core.http.request_forms import require_readable, require_readable_parameter
from app.core.http.schema_types import (
    Body,
    Choice,
    Digits,
    Flag,
    Id,
    Length,
    Line,
    Parameters,
    Timestamp,
)
from app.core.http.schema_values import Date, Duration, Scale, Time
from app.core.json_forms import NoForm
from app.shared.domain.value_objects import Money
from app.shared.presentation.money import Currency, MoneyRange


class Colour(StrEnum):
    RED = "red"


class Inner(Body):
    at: Timestamp


class BrokenInner(Body):
    at: list[dt.time]


@dataclass
class Pair:
    left: int


def numbered(values: list[Any]) -> list[Any]:
    """Ids that are the same in each process, which the text of a function is not."""
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), id=str(number))
        for number, value in enumerate(values)
    ]


def request(kind: Any, base: type[BaseModel] = Body) -> type[BaseModel]:
    return create_model("Request", __base__=base, field=(kind, ...))


@pytest.mark.parametrize(
    "kind",
    numbered(
        [
            Line,
            Id | None,
            Timestamp,
            Date | None,
            list[Time],
            Duration,
            Annotated[Decimal, Scale(2)],
            Annotated[list[Annotated[Decimal, Scale(2)]], Field(max_length=3)],
            Annotated[Money, MoneyRange()] | None,
            Currency,
            Annotated[Colour, Choice],
            list[Annotated[Colour, Choice]],
            Literal["a"],
            dict[str, Date],
            Inner,
            list[Inner],
            int,
            float,
            bool,
            Any,
            Annotated[dt.date, BeforeValidator(dt.date.fromisoformat)],
        ]
    ),
)
def test_a_body_accepts_a_type_with_a_form(kind: Any) -> None:
    require_readable(request(kind))


@pytest.mark.parametrize(
    "kind",
    numbered(
        [
            Line,
            Id,
            Date,
            Annotated[int, Digits],
            Flag,
            Colour,
            list[Colour],
            Currency,
            Duration | None,
        ]
    ),
)
def test_a_query_accepts_a_type_with_a_form(kind: Any) -> None:
    require_readable(request(kind, Parameters))


@pytest.mark.parametrize("base", [Body, Parameters])
@pytest.mark.parametrize(
    ("kind", "named", "instead"),
    numbered(
        [
            (Decimal, "Decimal", "Annotated[Decimal, Scale(2)] of schema_values.py"),
            (
                Annotated[Decimal, Field(ge=0)],
                "Decimal",
                "Annotated[Decimal, Scale(2)] of schema_values.py",
            ),
            (dt.datetime | None, "datetime", "Timestamp"),
            (dt.date, "date", "Date of schema_values.py"),
            (list[dt.time], "time", "Time of schema_values.py"),
            (dt.timedelta, "timedelta", "Duration of schema_values.py"),
            (UUID, "UUID", "Id"),
            (bytes, "bytes", "a text, such as the bytes in base64"),
            (set[str], "set", "list"),
            (tuple[int, int], "tuple", "list"),
        ]
    ),
)
def test_a_plain_type_is_refused_with_its_replacement(
    kind: Any, named: str, instead: str, base: type[BaseModel]
) -> None:
    with pytest.raises(NoForm) as refusal:
        require_readable(request(kind, base))
    expected = f"Request.field: {named} has no form, or several; use {instead}."
    assert str(refusal.value) == expected


@pytest.mark.parametrize(
    ("kind", "base", "sentence"),
    numbered(
        [
            (
                Colour,
                Body,
                "a strict body cannot contain a Colour; use Annotated[Colour, Choice].",
            ),
            (
                Money,
                Body,
                "Money cannot be read from a body; use a Body, or a MoneyRange for Money.",
            ),
            (
                list[BrokenInner],
                Body,
                "BrokenInner.at: time has no form, or several; use Time of schema_values.py.",
            ),
            *(
                (
                    kind,
                    Parameters,
                    f"{name} has no form in a query; use a parameter for each part.",
                )
                for kind, name in [
                    (Money, "Money"),
                    (Inner, "Inner"),
                    (dict[str, int], "dict"),
                    (Pair, "Pair"),
                ]
            ),
        ]
    ),
)
def test_a_type_that_cannot_be_read_is_refused(
    kind: Any, base: type[BaseModel], sentence: str
) -> None:
    with pytest.raises(NoForm) as refusal:
        require_readable(request(kind, base))
    assert str(refusal.value).removeprefix("Request.field: ") == sentence


def test_a_field_with_its_own_validator_is_accepted() -> None:
    class Request(Body):
        at: dt.date

        @field_validator("at", mode="before")
        @classmethod
        def read(cls, value: str) -> dt.date:
            return dt.date.fromisoformat(value)

    require_readable(Request)


def test_a_model_of_pydantic_has_its_own_rules() -> None:
    class Request(BaseModel):
        price: Decimal
        name: Annotated[Line, Length(1, 3)]

    require_readable(Request)


@pytest.mark.parametrize("hint", numbered([int, Id, Date, Colour, Annotated[Decimal, Scale(2)]]))
def test_a_path_accepts_a_type_with_a_form(hint: Any) -> None:
    require_readable_parameter("id", hint)


def test_a_plain_type_in_a_path_is_refused() -> None:
    with pytest.raises(NoForm) as refusal:
        require_readable_parameter("day", dt.date)
    expected = "the path's day: date has no form, or several; use Date of schema_values.py."
    assert str(refusal.value) == expected
