"""A migration that Alembic writes has the columns with their exact types."""

import asyncio
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Column, Date, Integer, String, Table, Time

from app.shared.infrastructure.database.column_types import Duration, ExactDecimal, ListOf
from app.shared.infrastructure.database.migrate import alembic_config, upgrade
from app.shared.infrastructure.database.models import Timestamp, metadata
from app.shared.infrastructure.database.money import money_columns
from app.shared.infrastructure.database.new_migration import write_migration
from tests.integration.migrations.conftest import Folders


@pytest.fixture
def thing() -> Iterator[None]:
    table = Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("rate", ExactDecimal(4, digits=9)),
        Column("day", Date),
        Column("at", Time),
        Column("length", Duration()),
        Column("days", ListOf(Date())),
        Column("rates", ListOf(ExactDecimal(4, digits=9))),
        Column("names", ListOf(String(20))),
        Column("moments", ListOf(Timestamp)),
        *money_columns("price"),
    )
    yield
    metadata.remove(table)


@pytest.mark.usefixtures("thing")
async def test_a_migration_is_written_with_each_type(folders: Folders, empty_url: str) -> None:
    folders.without_app()
    written = await asyncio.to_thread(write_migration, "new thing", "app")
    await asyncio.to_thread(upgrade, empty_url)

    await asyncio.to_thread(command.check, alembic_config(empty_url))
    text = written.read_text()
    for column in (
        "'rate', ExactDecimal(4, digits=9)",
        "'length', Duration()",
        "'days', ListOf(sa.Date())",
        "'rates', ListOf(ExactDecimal(4, digits=9))",
        "'names', ListOf(sa.String(length=20))",
        "'moments', ListOf(Timestamp)",
        "'price_amount', ExactDecimal(4, digits=18), nullable=False",
    ):
        assert f"sa.Column({column}" in text
