"""Money in a table: two columns, so that amounts of one currency can be compared and summed.

`Table("invoice", metadata, *aggregate_columns(), *money_columns("total"))`. A repository that has
its own `to_row` writes `**money_values("total", invoice.total)` there, and
`total=money_of(row, "total")` in `to_aggregate`.
"""

from typing import Any

from sqlalchemy import Column, String

from app.shared.domain.currencies import MAX_PLACES
from app.shared.domain.value_objects import Money
from app.shared.infrastructure.database.column_types import ExactDecimal
from app.shared.infrastructure.database.connection import Row


def money_columns(name: str, *, nullable: bool = False) -> list[Column[Any]]:
    """Return `<name>_amount` and `<name>_currency`."""
    return [
        Column(f"{name}_amount", ExactDecimal(MAX_PLACES), nullable=nullable),
        Column(f"{name}_currency", String(3), nullable=nullable),
    ]


def money_values(name: str, money: Money | None) -> dict[str, Any]:
    """Return the values of the two columns."""
    amount, currency = (None, None) if money is None else (money.amount, money.currency)
    return {f"{name}_amount": amount, f"{name}_currency": currency}


def money_of(row: Row, name: str) -> Money:
    """Return the money of a row whose columns are never null."""
    return Money(row[f"{name}_amount"], row[f"{name}_currency"])


def optional_money_of(row: Row, name: str) -> Money | None:
    """Return the money of a row; None if its columns are null."""
    return None if row[f"{name}_amount"] is None else money_of(row, name)
