from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import Field

from app.core.http.schema_types import Choice, Digits, Flag, Id, Parameters
from tests.unit.core.http.schema_types.sending import code, read, refusals

ID = "018f3c1e-0000-7000-8000-00000000abcd"


def test_a_uuid_is_read_in_upper_and_lower_case() -> None:
    assert read(Id, ID) == read(Id, ID.upper()) == UUID(ID)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ID.replace("-", ""),
        "{" + ID + "}",
        "urn:uuid:" + ID,
        " " + ID,
        ID + "\n",
        ID[:-1],
        ID + "0",
        ID.replace("-", "_"),
        "018f3c1e0-000-7000-8000-00000000abcd",
        "018f3c1e-0000-7000-8000-00000000abcg",
        "\u066018f3c1e-0000-7000-8000-00000000abcd",
        "0_8f3c1e-0000-7000-8000-00000000abcd",
        "me",
        "x" * 36,
        12,
        None,
        [ID],
    ],
)
def test_only_the_usual_spelling_is_a_uuid(value: Any) -> None:
    assert code(Id, value) == "invalid_format"


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@pytest.mark.parametrize(
    "kind", [Annotated[Size, Choice], Literal["small", "large"]], ids=["enum", "literal"]
)
def test_a_choice_is_one_of_the_named_ones(kind: Any) -> None:
    assert read(kind, "small") == "small"
    [refused] = refusals(kind, "Small")
    assert (refused["code"], refused["detail"]) == (
        "not_allowed",
        "must be one of 'small' or 'large'",
    )
    assert code(kind, 1) == code(kind, None) == "not_allowed"


@pytest.mark.parametrize("value", ["true", "false", 0, 1, "", None])
def test_a_flag_in_a_body_is_only_true_or_false(value: Any) -> None:
    assert code(bool, value) == "wrong_type"


@pytest.mark.parametrize("value", ["1", 1.0, 1.5, True, None, "x"])
def test_a_number_in_a_body_is_only_a_whole_number(value: Any) -> None:
    assert code(int, value) == "wrong_type"


@pytest.mark.parametrize(
    ("value", "detail"), [(-1, "must be at least 0"), (10, "must be at most 9")]
)
def test_a_number_out_of_range_is_refused_with_the_range(value: int, detail: str) -> None:
    [refused] = refusals(Annotated[int, Field(ge=0, le=9)], value)
    assert (refused["code"], refused["detail"]) == ("out_of_range", detail)


@pytest.mark.parametrize(
    ("written", "meant"), [("0", 0), ("12", 12), ("-3", -3), ("007", 7), ("9" * 18, 10**18 - 1)]
)
def test_a_number_in_a_query_is_read_from_its_digits(written: str, meant: int) -> None:
    assert read(Annotated[int, Digits], written, Parameters) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "1.0",
        "1e3",
        "0x1",
        "1_0",
        "--1",
        "\u0663",
        "\u00b2",
        "9" * 19,
        str(2**63),
        "NaN",
    ],
)
def test_a_fraction_or_text_as_number_in_a_query_is_refused(written: str) -> None:
    [refused] = refusals(Annotated[int, Digits], written, Parameters)
    assert refused == {
        "parameter": "field",
        "code": "wrong_type",
        "detail": "must be a whole number",
    }


def test_a_flag_in_a_query_is_written_true_or_false() -> None:
    assert read(Flag, "true", Parameters) is True
    assert read(Flag, "false", Parameters) is False


@pytest.mark.parametrize("written", ["", "True", "FALSE", "1", "0", "yes", "on", " true"])
def test_an_invalid_flag_in_a_query_is_refused(written: str) -> None:
    [refused] = refusals(Flag, written, Parameters)
    assert (refused["parameter"], refused["code"]) == ("field", "wrong_type")
