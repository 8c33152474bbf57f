from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from app.core.http.schema_types import Body, Parameters
from app.core.http.schema_values import Scale
from app.core.value_forms import decimal_text
from tests.unit.core.http.schema_types.sending import code, read, refusals

Amount = Annotated[Decimal, Scale(2, digits=12)]
Price = Annotated[Decimal, Scale(2, digits=12, least=0, most=1000)]
Count = Annotated[Decimal, Scale(0)]
Share = Annotated[Decimal, Scale(4, digits=4)]


@pytest.mark.parametrize("model", [Body, Parameters])
@pytest.mark.parametrize(
    ("kind", "sent", "meant"),
    [
        (Amount, "12.5", "12.50"),
        (Amount, "5", "5.00"),
        (Amount, "-0.01", "-0.01"),
        (Amount, "-0", "0.00"),
        (Amount, "9999999999.99", "9999999999.99"),
        (Price, "0", "0.00"),
        (Price, "1000", "1000.00"),
        (Count, "123456789012345678", "123456789012345678"),
        (Share, "0.1234", "0.1234"),
        (Share, "0", "0.0000"),
    ],
)
def test_a_decimal_is_read_with_all_its_decimals(
    kind: Any, sent: str, meant: str, model: type[Body | Parameters]
) -> None:
    assert str(read(kind, sent, model)) == meant


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "12.345",
        "12.500",
        "10000000000",
        "1e3",
        "1E+2",
        "1e1000000",
        "NaN",
        "Infinity",
        "-inf",
        "+1",
        "01",
        "1.",
        ".5",
        "1,5",
        "1_000",
        " 1",
        "1 ",
        "1\n",
        "--1",
        "0x10",
        "\uff11\uff12",
        "\u0661\u0662",
        "\u22121",
        "\ud800",
        pytest.param("1" * 1_000_000, id="a million digits"),
        pytest.param("0." + "1" * 1_000_000, id="a million decimals"),
        "EUR 5",
    ],
)
def test_a_text_that_is_no_decimal_is_refused(sent: str) -> None:
    [refused] = refusals(Amount, sent)
    assert refused == {
        "pointer": "/field",
        "code": "invalid_format",
        "detail": "must be a plain decimal number, at most 10 digits before the point, 2 after",
    }


@pytest.mark.parametrize("sent", [5, 0, 1.5, 1e300, True, None, [], {}])
def test_a_decimal_is_sent_as_a_string_and_never_as_a_number(sent: Any) -> None:
    [refused] = refusals(Amount, sent)
    assert refused["code"] == "wrong_type"
    assert refused["detail"] == 'must be a decimal number in a string, such as "12.50"'


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ("-0.01", "must be at least 0"),
        ("-0", "must be at least 0"),
        ("1000.01", "must be at most 1000"),
    ],
)
def test_a_decimal_out_of_its_bounds_is_refused_with_the_bound(sent: str, detail: str) -> None:
    [refused] = refusals(Price, sent)
    assert (refused["code"], refused["detail"]) == ("out_of_range", detail)


def test_a_scale_of_fractions_has_no_digit_before_the_point() -> None:
    assert code(Share, "1") == "invalid_format"


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_decimal_is_equal_after_writing_and_reading(value: Decimal) -> None:
    assert read(Amount, decimal_text(value)) == value


@pytest.mark.parametrize(("places", "digits"), [(-1, 5), (3, 2), (2, 19), (0, 0)])
def test_a_scale_beyond_what_databases_hold_is_refused_at_the_start(
    places: int, digits: int
) -> None:
    with pytest.raises(ValueError, match="18 digits at most"):
        Scale(places, digits=digits)


@pytest.mark.parametrize(
    ("kind", "pattern", "described"),
    [
        (Amount, r"^-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$", None),
        (Price, r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$", "At least 0. At most 1000."),
        (Count, r"^-?(0|[1-9][0-9]{0,17})$", None),
        (Share, r"^-?0(\.[0-9]{1,4})?$", None),
        (Annotated[Price, Field(description="Ours.")], None, "Ours."),
    ],
)
def test_the_schema_of_a_decimal_has_its_form_and_bounds(
    kind: Any, pattern: str | None, described: str | None
) -> None:
    schema = TypeAdapter(kind).json_schema()
    assert (schema["type"], schema["format"]) == ("string", "decimal")
    assert schema["pattern"] == (pattern or schema["pattern"])
    assert schema.get("description") == described
