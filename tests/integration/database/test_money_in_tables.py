"""Money is two columns, by which amounts of one currency are found, sorted and summed."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Final

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

from app.shared.domain.value_objects import Money
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.money import (
    money_columns,
    money_of,
    money_values,
    optional_money_of,
)
from app.shared.infrastructure.database.statement import Statement
from tests.support.tables import with_tables

invoice = Table(
    "tested_invoice",
    MetaData(),
    Column("id", Integer, primary_key=True),
    *money_columns("total"),
    *money_columns("paid", nullable=True),
)
ADD: Final = Statement(insert(invoice), columns=[column.name for column in invoice.columns])
AMOUNTS: Final = [
    Money(Decimal(amount), currency)
    for amount, currency in [
        ("99999999999999.99", "EUR"),
        ("0.1", "EUR"),
        ("0.2", "EUR"),
        ("-5", "JPY"),
        ("1.125", "BHD"),
        ("0", "CLF"),
    ]
]


@pytest.fixture
async def connection(database: Database, database_url: str) -> AsyncIterator[Connection]:
    async with with_tables(database, database_url, invoice) as connection:
        for number, money in enumerate(AMOUNTS):
            paid = money if number % 2 else None
            row = {"id": number} | money_values("total", money) | money_values("paid", paid)
            await connection.execute(ADD, row)
        yield connection


async def test_money_comes_back_as_it_was(connection: Connection) -> None:
    rows = await connection.fetch_all(Statement(select(invoice).order_by(invoice.c.id)), {})
    found = [money_of(row, "total") for row in rows]
    assert found == AMOUNTS
    assert list(map(str, found)) == list(map(str, AMOUNTS))  # each with its decimals
    assert [optional_money_of(row, "paid") for row in rows[:2]] == [None, AMOUNTS[1]]


async def test_amounts_of_one_currency_add_up(connection: Connection) -> None:
    c = invoice.c
    sums = select(c.total_currency, func.sum(c.total_amount).label("total_amount"))
    rows = await connection.fetch_all(
        Statement(sums.group_by(c.total_currency).order_by(c.total_currency)), {}
    )
    with_euros = [money for money in AMOUNTS if money.currency == "EUR"]
    assert [row["total_currency"] for row in rows] == ["BHD", "CLF", "EUR", "JPY"]
    assert rows[2]["total_amount"] == sum(money.amount for money in with_euros)


async def test_amounts_are_found_and_ordered(connection: Connection) -> None:
    c = invoice.c
    wanted = select(invoice).where(c.total_currency == "EUR", c.total_amount < Decimal(1))
    rows = await connection.fetch_all(Statement(wanted.order_by(c.total_amount.desc())), {})
    assert [money_of(row, "total") for row in rows] == [AMOUNTS[2], AMOUNTS[1]]
