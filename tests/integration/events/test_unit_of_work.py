"""The unit of work: changes and their events in one commit."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.context import WorkContext
from app.modules.user.domain.entities import User
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Database, IntegrityViolation
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.modules.note.domain import Note, NoteNotFound
from tests.modules.note.storage import SqlNoteUnitOfWork
from tests.support.events import ADD, all_events, an_event, count_events
from tests.support.moments import CREATED, NOW
from tests.support.requests import request_at_hand
from tests.support.samples import a_full
from tests.support.units import unit

TIME = Statement(select(database_time().label("time")))
OWNER, ACTOR = new_id(), new_id()


class Interrupted(Exception):
    """Another error, in the middle of the work."""


def a_new_note() -> Note:
    return Note.write(owner_id=OWNER, now=CREATED, title="Dig")


async def save(database: Database, *notes: Note) -> None:
    async with unit(SqlNoteUnitOfWork, database) as uow:
        for note in notes:
            await uow.notes.save(note)
        await uow.commit()


async def find(database: Database, note: Note) -> Note | None:
    async with unit(SqlNoteUnitOfWork, database) as uow:
        with suppress(NoteNotFound):
            return await uow.notes.get_for(note.owner_id, note.id, version=None)
    return None


# --- Everything or nothing ----------------------------------------------------------------------


async def test_a_change_and_its_events_are_stored_together(database: Database) -> None:
    note = a_new_note()
    await save(database, note)
    assert await find(database, note) == note
    assert [row["aggregate_id"] for row in await all_events(database)] == [note.id]


async def test_without_a_commit_neither_is_stored(database: Database) -> None:
    note = a_new_note()
    async with unit(SqlNoteUnitOfWork, database) as uow:
        await uow.notes.save(note)
    assert await find(database, note) is None
    assert await count_events(database) == 0


async def test_after_an_error_neither_is_stored(database: Database) -> None:
    note = a_new_note()

    async def fail() -> None:
        async with unit(SqlNoteUnitOfWork, database) as uow:
            await uow.notes.save(note)
            raise Interrupted

    with pytest.raises(Interrupted):
        await fail()
    assert await find(database, note) is None
    assert await count_events(database) == 0


async def test_if_the_events_cannot_be_written_the_change_is_not_stored(database: Database) -> None:
    note = a_new_note()
    async with database.transaction() as connection:
        same_place = {"aggregate_type": "note", "aggregate_id": note.id, "aggregate_version": 1}
        await connection.execute(ADD, an_event(**same_place))
        await connection.commit()

    with pytest.raises(IntegrityViolation) as refusal:
        await save(database, note)

    assert refusal.value.constraint == "uq_event_log_position"
    assert await find(database, note) is None
    assert await count_events(database) == 1


async def test_if_one_of_two_changes_is_refused_neither_is_stored(database: Database) -> None:
    first, second = a_new_note(), a_new_note()
    await save(database, second)
    stale = Note(
        id=second.id, version=7, owner_id=OWNER, title="Dig", created_at=CREATED, updated_at=NOW
    )

    with pytest.raises(Exception, match="Another request changed it"):
        await save(database, first, stale)

    assert await find(database, first) is None
    assert await count_events(database) == 1


async def test_a_cancelled_use_case_stores_nothing_and_frees_its_connection(
    database: Database,
) -> None:
    note, has_saved = a_new_note(), asyncio.Event()

    async def linger() -> None:
        async with unit(SqlNoteUnitOfWork, database) as uow:
            await uow.notes.save(note)
            has_saved.set()
            await asyncio.Event().wait()

    lingering = asyncio.create_task(linger())
    await has_saved.wait()
    lingering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lingering

    assert await find(database, note) is None
    await save(database, another := a_new_note())
    assert await find(database, another) is not None


async def test_a_unit_of_work_without_repositories_is_not_usable(database: Database) -> None:
    with pytest.raises(NotImplementedError):
        await unit(SqlUnitOfWork, database).__aenter__()


# --- What an event says -------------------------------------------------------------------------


@pytest.fixture
def work() -> Iterator[WorkContext]:
    known = {"request_id": "request-0001", "actor_id": ACTOR, "traceparent": "00-trace-span-01"}
    with request_at_hand(**known) as work:
        yield work


async def its_time(database: Database) -> dt.datetime:
    """Return the time as the database stores it: SQLite's ends with milliseconds."""
    row = await database.fetch_one(TIME, {})
    assert row is not None
    time: dt.datetime = row["time"]
    return time


async def test_an_event_is_written_with_its_whole_context(
    database: Database, work: WorkContext
) -> None:
    note = a_new_note()
    note.pull_events()
    await save(database, note)
    note.archive(now=NOW)
    before = await its_time(database)
    await save(database, note)
    after = await its_time(database)

    (row,) = await all_events(database)
    written = dict(row)

    assert isinstance(written.pop("seq"), int)
    assert isinstance(written.pop("event_id"), UUID)
    assert before <= written.pop("recorded_at") <= after
    assert written == {
        "event_type": "note.archived",
        "schema_version": 1,
        "module": "note",
        "aggregate_type": "note",
        "aggregate_id": note.id,
        "aggregate_version": 2,
        "ordinal": 0,
        "payload": {"note_id": str(note.id), "owner_id": str(OWNER)},
        "correlation_id": "request-0001",
        "causation_id": None,
        "traceparent": "00-trace-span-01",
        "actor_id": ACTOR,
        "occurred_at": NOW,
    }
    assert set(dict(row)) == set(event_log.columns.keys())


async def test_an_event_outside_of_a_request_has_no_actor(database: Database) -> None:
    await save(database, a_new_note())
    (row,) = await all_events(database)
    assert (row["correlation_id"], row["actor_id"], row["traceparent"]) == (None, None, None)


# --- Several at once ----------------------------------------------------------------------------


async def test_events_of_one_change_are_numbered_in_their_order(database: Database) -> None:
    note = a_new_note()
    note.archive(now=NOW)
    note.take_back(now=NOW)

    await save(database, note)

    rows = await all_events(database)
    assert [(row["ordinal"], row["event_type"]) for row in rows] == [
        (0, "note.written"),
        (1, "note.archived"),
        (2, "note.taken_back"),
    ]
    assert {row["aggregate_version"] for row in rows} == {1}
    assert len({row["event_id"] for row in rows}) == 3


async def test_events_of_two_aggregates_are_numbered_separately(database: Database) -> None:
    first, second = a_new_note(), a_new_note()
    second.archive(now=NOW)

    await save(database, first, second)

    rows = await all_events(database)
    assert [(row["aggregate_id"], row["ordinal"]) for row in rows] == [
        (first.id, 0),
        (second.id, 0),
        (second.id, 1),
    ]


async def test_an_aggregate_that_is_saved_twice_has_events_of_two_versions(
    database: Database,
) -> None:
    note = a_new_note()
    async with unit(SqlNoteUnitOfWork, database) as uow:
        await uow.notes.save(note)
        note.archive(now=NOW)
        await uow.notes.save(note)
        await uow.commit()

    rows = await all_events(database)
    assert [(row["aggregate_version"], row["ordinal"]) for row in rows] == [(1, 0), (2, 0)]


async def test_an_event_is_written_once(database: Database) -> None:
    note = a_new_note()
    await save(database, note)
    await save(database, note)
    assert await count_events(database) == 1


async def test_a_change_without_events_writes_none(database: Database) -> None:
    user = a_full(User)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.save(user)
        await uow.commit()
    assert await count_events(database) == 0
