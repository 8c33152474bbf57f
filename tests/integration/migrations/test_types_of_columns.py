"""A migration that Alembic writes has the columns with their exact types."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Date, Integer, String, Table, Time

from app.shared.infrastructure.database.column_types import Duration, ExactDecimal, ListOf
from app.shared.infrastructure.database.migrate import alembic_config, upgrade
from app.shared.infrastructure.database.models import Timestamp, metadata
from app.shared.infrastructure.database.money import money_columns
from app.shared.infrastructure.database.revisions import heads


@pytest.fixture
def a_table_that_is_new() -> Iterator[None]:
    table = Table(
        "new_thing",
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


@pytest.mark.usefixtures("a_table_that_is_new")
async def test_a_migration_is_written_with_each_type(empty_url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(upgrade, empty_url)
    config = alembic_config(empty_url)
    folders = config.get_main_option("version_locations")
    head = f"{min(heads())}@head"  # of `app`, where a module has tables; else of `base`
    config.set_main_option("version_locations", f"{folders}\n{tmp_path}")

    await asyncio.to_thread(
        command.revision,
        config,
        "new thing",
        autogenerate=True,
        head=head,
        version_path=str(tmp_path),
    )
    await asyncio.to_thread(command.upgrade, config, "heads")

    await asyncio.to_thread(command.check, config)
    (written,) = ScriptDirectory.from_config(config).get_revisions(head)
    assert written is not None
    text = await asyncio.to_thread(Path(written.path).read_text)
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
