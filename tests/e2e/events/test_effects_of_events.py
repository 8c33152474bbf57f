"""What follows from an event, shown by the fixtures published, drain and scenario."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from app.container import ApplicationContainer
from tests.modules.note.domain import NoteArchived
from tests.modules.note.storage import SqlNoteRepository, SqlNoteUnitOfWork
from tests.support.people import PASSWORD, Person
from tests.support.published import Published
from tests.support.scenario import Drain, Scenario

CountNotes = Callable[[Person], Awaitable[int]]


@pytest.fixture
def count_notes(container: ApplicationContainer) -> CountNotes:
    """Count the notes of a user, also of a deleted one."""

    async def count_notes(person: Person) -> int:
        uow: SqlNoteUnitOfWork = vars(container)["note"].uow()
        async with uow:
            return len(await uow.notes.page(UUID(person.id), None, 10))

    return count_notes


async def write(person: Person) -> UUID:
    answer = await person.post("/notes", {"title": "Lay the foundation"})
    return UUID(answer.json()["id"])


async def leave(person: Person) -> None:
    answer = await person.request("DELETE", "/users/me", json={"current_password": PASSWORD})
    assert answer.status_code == 204


async def fail(repository: SqlNoteRepository, owner_id: UUID) -> None:
    raise OSError("the notes cannot be deleted")


async def test_an_event_is_published_once_although_its_request_is_repeated(
    ana: Person, published: Published
) -> None:
    note_id = await write(ana)
    await ana.post(f"/notes/{note_id}/archive", version=1)
    await ana.post(f"/notes/{note_id}/archive", version=2)  # it is archived already

    assert await published.of(NoteArchived) == [NoteArchived(note_id, UUID(ana.id))]


async def test_a_failed_handler_runs_again_with_retries(
    ana: Person, drain: Drain, count_notes: CountNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(ana)
    with monkeypatch.context() as broken:
        broken.setattr(SqlNoteRepository, "forget", fail)
        await leave(ana)
        await drain()
    left = await drain.left()
    assert "note.forget_notes_of_user is ready after 1 attempts (OSError" in left
    assert await count_notes(ana) == 1

    await drain(retries=True)
    assert await count_notes(ana) == 0


async def test_a_scenario_delivers_events_until_its_condition_is_true(
    ana: Person, scenario: Scenario, count_notes: CountNotes
) -> None:
    await write(ana)

    async def no_note_is_left() -> bool:
        return await count_notes(ana) == 0

    assert await scenario.when(lambda: leave(ana)).until(no_note_is_left)


async def test_a_scenario_whose_condition_stays_false_says_why(
    ana: Person, scenario: Scenario, count_notes: CountNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.scenario.PATIENCE_SECONDS", 1)
    monkeypatch.setattr(SqlNoteRepository, "forget", fail)
    await write(ana)

    async def no_note_is_left() -> bool:
        return await count_notes(ana) == 0

    with pytest.raises(
        AssertionError, match=r"it is not so; .*note\.forget_notes_of_user is ready after 1"
    ):
        await scenario.when(lambda: leave(ana)).until(no_note_is_left)
