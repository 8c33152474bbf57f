"""Tables of one test, which are gone when its transaction is rolled back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Table, make_url, text
from sqlalchemy.schema import CreateTable

from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.statement import Statement


@asynccontextmanager
async def with_tables(database: Database, url: str, *tables: Table) -> AsyncIterator[Connection]:
    """A transaction in which the tables exist."""
    dialect = make_url(url).get_dialect()()
    async with database.transaction() as connection:
        for table in tables:
            create = str(CreateTable(table).compile(dialect=dialect))
            await connection.execute_many(Statement(text(create)), [{}])
        yield connection
