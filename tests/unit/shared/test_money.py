"""Money is exact: no cent is lost or created, and currencies are not mixed."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.exceptions import Invalid
from app.shared.domain.currencies import CURRENT, MAX_PLACES, PLACES
from app.shared.domain.value_objects import CurrencyMismatch, Money

amounts = st.sampled_from(sorted(PLACES)).flatmap(
    lambda code: st.builds(
        Money,
        st.decimals(-(10**13), 10**13, places=PLACES[code]),
        st.just(code),
    )
)
weights = st.lists(
    st.integers(0, 10**6) | st.decimals(0, 100, places=3), min_size=1, max_size=9
).filter(any)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("12.5", "EUR", "12.50 EUR"),
        ("12", "JPY", "12 JPY"),
        ("1.5", "BHD", "1.500 BHD"),
        ("1E+3", "EUR", "1000.00 EUR"),
        ("1.2300", "EUR", "1.23 EUR"),
        ("-0", "EUR", "0.00 EUR"),
        ("99999999999999.99", "EUR", "99999999999999.99 EUR"),
        ("5", "BGN", "5.00 BGN"),  # withdrawn, but still readable
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: str, currency: str, text: str) -> None:
    assert str(Money(Decimal(amount), currency)) == text


@pytest.mark.parametrize(
    ("amount", "currency", "field", "code"),
    [
        ("1.234", "EUR", "amount", "invalid_format"),
        ("0.5", "JPY", "amount", "invalid_format"),
        ("100000000000000", "EUR", "amount", "out_of_range"),
        ("1E+1000000", "EUR", "amount", "out_of_range"),
        ("1E-1000000", "EUR", "amount", "invalid_format"),
        ("NaN", "EUR", "amount", "out_of_range"),
        ("-Infinity", "EUR", "amount", "out_of_range"),
        ("1", "eur", "currency", "invalid_format"),
        ("1", "", "currency", "invalid_format"),
        ("1", "XAU", "currency", "invalid_format"),
    ],
)
def test_invalid_money_is_refused(amount: str, currency: str, field: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Money(Decimal(amount), currency)
    [error] = refusal.value.errors
    assert (error["pointer"], error["code"]) == (f"/{field}", code)


@given(amounts, amounts)
def test_addition_and_subtraction_are_inverse(one: Money, other: Money) -> None:
    if one.currency == other.currency:
        with localcontext(prec=5):  # independent of the settings for other computations
            assert one + other - other == one
    assert one - one == Money.zero(one.currency)
    assert one + -one == Money.zero(one.currency)


@pytest.mark.parametrize("operator", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_two_currencies_cannot_be_combined(operator: str) -> None:
    with pytest.raises(CurrencyMismatch):
        getattr(euros("1"), operator)(Money(Decimal(1), "USD"))
    assert euros("1") != Money(Decimal(1), "USD")


def test_amounts_of_one_currency_are_ordered() -> None:
    assert sorted([euros("2"), euros("-1"), euros("0.01")]) == [
        euros("-1"),
        euros("0.01"),
        euros("2"),
    ]
    assert euros("1") <= euros("1.00")
    assert {euros("1"), euros("1.00")} == {euros("1")}
    assert sum([euros("1"), euros("2")], start=Money.zero("EUR")) == euros("3")


@pytest.mark.parametrize(
    ("amount", "factor", "rounding", "result"),
    [
        ("0.50", "0.01", {}, "0.00"),  # half a cent, to the even one
        ("1.50", "0.01", {}, "0.02"),
        ("0.50", "0.01", {"rounding": ROUND_HALF_UP}, "0.01"),
        ("-1.99", "0.5", {"rounding": ROUND_DOWN}, "-0.99"),
        ("100", "0.19", {}, "19.00"),
        ("99999999999999.99", "0.333333333333333333333333333333", {}, "33333333333333.33"),
    ],
)
def test_a_product_is_rounded_once_in_the_given_mode(
    amount: str, factor: str, rounding: Any, result: str
) -> None:
    with localcontext(prec=5):  # independent of the settings for other computations
        assert euros(amount).times(Decimal(factor), **rounding) == euros(result)


def test_a_product_that_is_too_large_is_refused() -> None:
    with pytest.raises(Invalid):
        euros("1").times(10**14)
    with pytest.raises(Invalid):
        Money.rounded(Decimal("NaN"), "EUR")


@given(amounts, weights)
def test_shares_add_up_to_the_whole(whole: Money, weights: list[Any]) -> None:
    with localcontext(prec=5):
        shares = whole.allocate(weights)
    assert sum(shares, start=Money.zero(whole.currency)) == whole
    cent = Decimal(1).scaleb(-PLACES[whole.currency])
    due = [whole.amount * weight / sum(weights) for weight in weights]
    off = [abs(share.amount - exact) for share, exact in zip(shares, due, strict=True)]
    assert max(off) <= cent + Decimal("1e-6")
    assert all(
        not share.amount for share, weight in zip(shares, weights, strict=True) if not weight
    )


@pytest.mark.parametrize(
    ("whole", "weights", "shares"),
    [
        ("10", [1, 1, 1], ["3.34", "3.33", "3.33"]),
        ("-10", [1, 1, 1], ["-3.34", "-3.33", "-3.33"]),
        ("0.05", [3, 7], ["0.02", "0.03"]),
        ("0.01", [1, 99], ["0.00", "0.01"]),
        ("0", [1, 2], ["0.00", "0.00"]),
        ("1", [Decimal("0.5"), Decimal("0.5")], ["0.50", "0.50"]),
    ],
)
def test_a_remaining_cent_goes_to_the_part_that_lost_most(
    whole: str, weights: list[Any], shares: list[str]
) -> None:
    assert euros(whole).allocate(weights) == [euros(share) for share in shares]


def test_an_even_split_gives_the_first_one_more() -> None:
    assert euros("0.05").split(3) == [euros("0.02"), euros("0.02"), euros("0.01")]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [-1]], ids=str)
def test_invalid_weights_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="the weights must be 0 or more, and not all 0"):
        euros("1").allocate(weights)


def test_the_currencies_are_those_of_iso_4217() -> None:
    assert len(CURRENT) == 165
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in PLACES)
    assert MAX_PLACES == 4
