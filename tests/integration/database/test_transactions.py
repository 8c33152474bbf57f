"""Transactions: all or nothing, visible to others after the commit."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import bindparam, column, insert, select, table, update

from app.core.exceptions import AppError
from app.modules.user.infrastructure.tables import refresh_token, user
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Database, IntegrityViolation
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement
from tests.support.events import ADD, REMOVE, all_events, an_event, count_events
from tests.support.moments import NOW

HIT = Statement(
    update(event_log)
    .where(event_log.c.event_id == bindparam("id"))
    .values(schema_version=event_log.c.schema_version + 1)
)
NEEDED = [column.name for column in user.columns if not column.nullable]
ADD_USER = Statement(insert(user), columns=NEEDED)
ADD_TOKEN = Statement(insert(refresh_token), columns=["fingerprint", "session_id"])


class Interrupted(Exception):
    """Another error in the middle."""


async def write(database: Database, *rows: dict[str, Any], query: Statement = ADD) -> None:
    """Write the rows in one transaction."""
    async with database.transaction() as connection:
        for row in rows:
            await connection.execute(query, row)
        await connection.commit()


async def write_all_at_once(database: Database, *rows: dict[str, Any]) -> None:
    async with database.transaction() as connection:
        await connection.execute_many(ADD, rows)
        await connection.commit()


async def write_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, an_event())
        raise Interrupted


def an_account(**fields: object) -> dict[str, Any]:
    return {
        "id": new_id(),
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "email": "ana@example.com",
        "full_name": "Ana Example",
        "password_hash": "",
        "roles": [],
        "is_active": True,
        "password_version": 1,
        **fields,
    }


# --- Everything or nothing ----------------------------------------------------------------------


async def test_committed_changes_are_visible_to_all(database: Database) -> None:
    async with database.transaction() as connection:
        assert await connection.execute(ADD, an_event()) == 1
        await connection.commit()
    assert await count_events(database) == 1


async def test_uncommitted_changes_are_rolled_back(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, an_event())
    assert await count_events(database) == 0


async def test_changes_before_an_error_are_rolled_back(database: Database) -> None:
    with pytest.raises(Interrupted):
        await write_and_fail(database)
    assert await count_events(database) == 0


async def test_changes_of_a_cancelled_task_are_rolled_back(database: Database) -> None:
    has_written = asyncio.Event()

    async def write_and_linger() -> None:
        async with database.transaction() as connection:
            await connection.execute(ADD, an_event())
            has_written.set()
            await asyncio.Event().wait()

    lingering = asyncio.create_task(write_and_linger())
    await has_written.wait()
    lingering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lingering

    assert await count_events(database) == 0


async def test_a_refused_write_rolls_back_its_whole_transaction(
    database: Database,
) -> None:
    event = an_event()
    with pytest.raises(IntegrityViolation):
        await write(database, event, event)
    assert await count_events(database) == 0


async def test_a_transaction_after_a_failed_one_is_not_affected(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10):  # more than there are connections
        with pytest.raises(Interrupted):
            await write_and_fail(database)

    await write(database, an_event())

    assert await count_events(database) == 1
    assert caplog.records == []  # the driver had nothing to clean up


# --- What a write tells -------------------------------------------------------------------------


async def test_a_write_tells_how_many_rows_it_hit(database: Database) -> None:
    async with database.transaction() as connection:
        rows = [an_event(), an_event(), an_event(event_type="test.other")]
        await connection.execute_many(ADD, rows)

        assert await connection.execute(HIT, {"id": rows[0]["event_id"]}) == 1
        assert await connection.execute(HIT, {"id": new_id()}) == 0
        assert await connection.execute(REMOVE, {"event_type": "test.happened"}) == 2


async def test_many_rows_are_written_in_their_order(database: Database) -> None:
    await write_all_at_once(database, *(an_event(payload={"n": n}) for n in range(50)))

    assert [row["payload"]["n"] for row in await all_events(database)] == list(range(50))


async def test_one_wrong_row_of_many_refuses_all(database: Database) -> None:
    row = an_event()
    again = row | {"aggregate_id": new_id()}
    with pytest.raises(IntegrityViolation) as refusal:
        await write_all_at_once(database, an_event(), row, again)
    assert refusal.value.constraint == "uq_event_log_event_id"
    assert await count_events(database) == 0


# --- Who sees what ------------------------------------------------------------------------------


async def test_a_transaction_sees_its_own_changes_and_the_others_do_not_yet(
    database: Database,
) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, an_event())

        assert await count_events(connection) == 1
        assert len(await all_events(connection)) == 1
        assert await count_events(database) == 0  # nor does it have to wait

        await connection.commit()
    assert await count_events(database) == 1


async def test_reads_run_at_the_same_time_as_other_reads_and_a_writer(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, an_event())
        counts = await asyncio.gather(*(count_events(database) for _ in range(30)))
    assert counts == [0] * 30


async def test_writers_at_the_same_time_all_succeed(database: Database) -> None:
    await asyncio.gather(*(write(database, an_event()) for _ in range(30)))

    assert await count_events(database) == 30


async def test_concurrent_writers_of_one_row_lose_no_update(database: Database) -> None:
    row = an_event(schema_version=0)
    await write(database, row)

    hit = {"id": row["event_id"]}
    await asyncio.gather(*(write(database, hit, query=HIT) for _ in range(20)))

    assert [found["schema_version"] for found in await all_events(database)] == [20]


# --- Which rule was broken ----------------------------------------------------------------------


async def violated(database: Database, query: Statement, *rows: dict[str, Any]) -> str:
    with pytest.raises(IntegrityViolation) as refusal:
        await write(database, *rows, query=query)
    return refusal.value.constraint


async def test_a_value_that_must_be_unique_names_its_constraint(database: Database) -> None:
    assert await violated(database, ADD_USER, an_account(), an_account()) == "uq_user_email"


async def test_values_that_must_be_unique_together_name_their_constraint(
    database: Database,
) -> None:
    event = an_event()
    at_the_same_place = event | {"event_id": new_id()}
    assert await violated(database, ADD, event, at_the_same_place) == "uq_event_log_position"


async def test_a_duplicate_id_names_its_constraint(database: Database) -> None:
    account = an_account()
    another = account | {"email": "bruno@example.com"}
    assert await violated(database, ADD_USER, account, another) == "pk_user"


async def test_a_reference_to_a_missing_row_is_refused(database: Database) -> None:
    token = {"fingerprint": "none", "session_id": new_id()}
    # SQLite does not say which foreign key it was.
    assert await violated(database, ADD_TOKEN, token) in {"fk_refresh_token_session_id", ""}


async def test_a_missing_required_value_names_no_constraint(database: Database) -> None:
    assert await violated(database, ADD_USER, an_account(full_name=None)) == ""


# --- Defects are not dressed up -----------------------------------------------------------------

NOWHERE = Statement(select(column("anything")).select_from(table("no_such_table")))


async def test_an_invalid_read_is_a_defect_and_no_outage(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table") as failure:
        await database.fetch_all(NOWHERE, {})
    assert not isinstance(failure.value, AppError | IntegrityViolation)


async def test_an_invalid_write_is_a_defect_and_no_outage(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table") as failure:
        await write(database, {}, query=NOWHERE)
    assert not isinstance(failure.value, AppError | IntegrityViolation)


async def test_a_single_write_is_committed_without_a_transaction_around_it(
    database: Database,
) -> None:
    event = an_event()
    assert await database.execute(ADD, event) == 1
    assert await database.execute(HIT, {"id": event["event_id"]}) == 1
    assert await database.execute(HIT, {"id": new_id()}) == 0

    [row] = await all_events(database)
    assert row["schema_version"] == 2


async def test_a_single_write_that_is_refused_leaves_nothing_and_the_connection_usable(
    database: Database,
) -> None:
    event = an_event()
    await database.execute(ADD, event)
    with pytest.raises(IntegrityViolation):
        await database.execute(ADD, event)

    await write(database, an_event())
    assert await count_events(database) == 2
