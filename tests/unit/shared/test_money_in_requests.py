"""Money of clients is read exactly, or refused with a pointer to the invalid field."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter

from app.core.http.schema_types import Parameters
from app.shared.domain.value_objects import Money
from app.shared.presentation.money import Currency, MoneyRange
from tests.unit.core.http.schema_types.sending import read, refusals

AnyMoney = Annotated[Money, MoneyRange()]
Price = Annotated[Money, MoneyRange(least=0, most=1000, currencies=("EUR", "JPY"))]


@pytest.mark.parametrize(
    ("amount", "currency", "meant"),
    [
        ("12.5", "EUR", "12.50"),
        ("-3", "JPY", "-3"),
        ("0.125", "BHD", "0.125"),
        ("99999999999999.9999", "CLF", "99999999999999.9999"),
    ],
)
def test_money_is_read_with_the_decimals_of_its_currency(
    amount: str, currency: str, meant: str
) -> None:
    money = read(AnyMoney, {"amount": amount, "currency": currency})
    assert money == Money(Decimal(meant), currency)
    assert str(money.amount) == meant


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"amount": "1.234", "currency": "EUR"}, "/field/amount", "invalid_format"),
        ({"amount": "0.5", "currency": "JPY"}, "/field/amount", "invalid_format"),
        ({"amount": "1.23456", "currency": "CLF"}, "/field/amount", "invalid_format"),
        ({"amount": "100000000000000", "currency": "EUR"}, "/field/amount", "invalid_format"),
        ({"amount": "1e5", "currency": "EUR"}, "/field/amount", "invalid_format"),
        ({"amount": 12.5, "currency": "EUR"}, "/field/amount", "wrong_type"),
        ({"amount": "1", "currency": "eur"}, "/field/currency", "not_allowed"),
        ({"amount": "1", "currency": "XXX"}, "/field/currency", "not_allowed"),
        ({"amount": "1", "currency": "BGN"}, "/field/currency", "not_allowed"),
        ({"amount": "1", "currency": ["EUR"]}, "/field/currency", "not_allowed"),
        ({"amount": "1"}, "/field/currency", "required"),
        ({"currency": "EUR"}, "/field/amount", "required"),
        ({"amount": "1", "currency": "EUR", "tax": "0"}, "/field/tax", "unknown_field"),
        ("12.50 EUR", "/field", "wrong_type"),
        (12.5, "/field", "wrong_type"),
        (None, "/field", "wrong_type"),
        ([], "/field", "wrong_type"),
    ],
    ids=str,
)
def test_invalid_money_is_refused_with_its_pointer(sent: Any, pointer: str, code: str) -> None:
    [refused] = refusals(AnyMoney, sent)
    assert (refused["pointer"], refused["code"]) == (pointer, code)


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"amount": "-0.01", "currency": "EUR"}, "must be at least 0"),
        ({"amount": "1001", "currency": "JPY"}, "must be at most 1000"),
        ({"amount": "1", "currency": "USD"}, "must be one of 'EUR' or 'JPY'"),
        ({"amount": "1.5", "currency": "JPY"}, "has more than the 0 decimals of its currency"),
    ],
    ids=str,
)
def test_money_out_of_its_bounds_is_refused_with_the_bound(sent: Any, detail: str) -> None:
    [refused] = refusals(Price, sent)
    assert refused["detail"] == detail


def test_a_currency_is_a_parameter_of_a_query() -> None:
    assert read(Currency, "EUR", Parameters) == "EUR"
    [refused] = refusals(Currency, "EURO", Parameters)
    assert (refused["parameter"], refused["code"]) == ("field", "not_allowed")


def test_a_range_of_no_currency_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="EURO, XXX: not a currency of ISO 4217 in use"):
        MoneyRange(currencies=("XXX", "EUR", "EURO"))


def test_the_schema_has_amount_and_currency() -> None:
    schema = TypeAdapter(Price).json_schema()
    assert schema["required"] == ["amount", "currency"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["amount"]["format"] == "decimal"
    assert schema["properties"]["currency"]["enum"] == ["EUR", "JPY"]
    assert TypeAdapter(Currency).json_schema()["pattern"] == "^[A-Z]{3}$"
