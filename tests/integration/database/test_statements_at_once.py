"""Two statements at once on one connection are a defect, and are reported as one."""

import asyncio

import pytest

from app.core.exceptions import AppError
from app.shared.infrastructure.database.connection import Database
from tests.support.events import ADD, an_event, count_events
from tests.support.logs import captured_lines


async def test_two_statements_at_once_are_a_defect_and_no_outage(database: Database) -> None:
    async def write_two_at_once() -> None:
        async with database.transaction() as connection:
            adding = [connection.execute(ADD, an_event()) for _ in range(2)]
            await asyncio.gather(*adding)
            await connection.commit()

    with captured_lines() as lines, pytest.raises(Exception, match="another") as failure:
        await write_two_at_once()

    assert not isinstance(failure.value, AppError)
    assert "database unavailable" not in str(lines)
    assert await count_events(database) == 0


async def test_the_next_transaction_is_not_affected(database: Database) -> None:
    for _ in range(10):  # more than there are connections
        async with database.transaction() as connection:
            adding = [connection.execute(ADD, an_event()) for _ in range(2)]
            results = await asyncio.gather(*adding, return_exceptions=True)
            assert sorted(isinstance(result, Exception) for result in results) == [False, True]
    async with database.transaction() as connection:
        await connection.execute(ADD, an_event())
        await connection.commit()
    assert await count_events(database) == 1
