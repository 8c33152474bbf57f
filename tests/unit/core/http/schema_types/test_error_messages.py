from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from app.core.http.schema_types import (
    Body,
    Choice,
    Digits,
    Flag,
    Id,
    Line,
    Opaque,
    Text,
    Timestamp,
    invalid,
)
from tests.unit.core.http.schema_types.sending import read, refusals


class Inner(Body):
    count: int


class Size(StrEnum):
    SMALL = "small"


KINDS: dict[str, Any] = {
    "opaque": Opaque,
    "text": Text,
    "line": Line,
    "moment": Timestamp,
    "id": Id,
    "number in a query": Annotated[int, Digits],
    "flag in a query": Flag,
    "enum": Annotated[Size, Choice],
    "literal": Literal["small"],
    "number": Annotated[int, Field(ge=0, le=1)],
    "pattern": Annotated[str, Field(min_length=1, max_length=3, pattern="^x$")],
    "list": Annotated[list[int], Field(max_length=1)],
    "map": dict[str, int],
    "object": Inner,
    "flag": bool,
    "fraction": float,
}
CANARY = "s3cr3t-canary"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    "value",
    [CANARY, CANARY + "\x00", CANARY + "\ud800", [CANARY], {"count": CANARY}, [[CANARY]], 987_654],
)
def test_the_sent_value_is_never_in_the_answer(kind: Any, value: Any) -> None:
    try:
        read(kind, value)
    except ValidationError as error:
        told = invalid(error, within="pointer").errors
        assert CANARY not in repr(told)
        assert "987654" not in repr(told)
        assert not any("{" in each["detail"] for each in told)  # every number is filled in


def test_an_unknown_kind_of_error_is_reported_generally() -> None:
    assert refusals(float, CANARY) == [
        {"pointer": "/field", "code": "invalid", "detail": "is invalid"}
    ]
