"""What every repository must do. A new module's repository is included without a change."""

from typing import Any

import pytest

from app.core.events import EventRegistry
from app.core.exceptions import ConcurrentUpdate
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.events import DomainEvent
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.connection import Database, IntegrityViolation
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from tests.support.events import all_events
from tests.support.samples import (
    a_full,
    aggregate_of,
    change,
    repositories,
    state_of,
    stored_fields,
)

Repository = BaseRepository[Any]


@pytest.fixture(params=repositories(), ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Repository]:
    repository: type[Repository] = request.param
    return repository


@pytest.fixture
def sample(kind: type[Repository]) -> AggregateRoot:
    return a_full(aggregate_of(kind))


class Storage:
    """A repository whose every step is a separate transaction."""

    def __init__(self, kind: type[Repository], database: Database) -> None:
        self._kind, self._database = kind, database

    async def get(self, id: Any) -> Any:
        async with self._database.transaction() as connection:
            return await self._kind(connection, EventCollector(EventRegistry())).get(id)

    async def save(self, aggregate: AggregateRoot) -> None:
        async with self._database.transaction() as connection:
            events = EventCollector(EventRegistry())
            await self._kind(connection, events).save(aggregate)
            await events.write(connection)
            await connection.commit()

    async def delete(self, aggregate: AggregateRoot) -> None:
        async with self._database.transaction() as connection:
            events = EventCollector(EventRegistry())
            await self._kind(connection, events).delete(aggregate)
            await events.write(connection)
            await connection.commit()


@pytest.fixture
def storage(kind: type[Repository], database: Database) -> Storage:
    return Storage(kind, database)


def test_there_are_repositories() -> None:
    assert {"SqlUserRepository", "SqlRegistrationRepository"} <= {
        kind.__name__ for kind in repositories()
    }


async def test_a_sample_has_no_field_at_its_default(sample: AggregateRoot) -> None:
    fields = stored_fields(type(sample))
    at_default = [field.name for field in fields if getattr(sample, field.name) == field.default]
    assert at_default == ["version"]


async def test_every_field_of_a_new_aggregate_comes_back(
    storage: Storage, sample: AggregateRoot
) -> None:
    await storage.save(sample)

    found = await storage.get(sample.id)

    assert type(found) is type(sample)
    assert state_of(found) == state_of(sample)
    assert found.version == 1


async def test_every_field_of_a_changed_aggregate_comes_back(
    storage: Storage, sample: AggregateRoot
) -> None:
    await storage.save(sample)
    before = state_of(sample)
    change(sample)
    await storage.save(sample)

    found = await storage.get(sample.id)

    assert state_of(found) == state_of(sample)
    assert found.version == 2
    unchanged = {name for name, value in before.items() if getattr(found, name) == value}
    assert unchanged == {"id", "created_at"}


async def test_a_missing_aggregate_is_none(storage: Storage) -> None:
    assert await storage.get(new_id()) is None


async def test_another_aggregate_is_left_alone(storage: Storage, sample: AggregateRoot) -> None:
    other = a_full(type(sample))
    await storage.save(sample)
    await storage.save(other)
    seen = state_of(other)

    change(sample)
    await storage.save(sample)
    assert state_of(await storage.get(other.id)) == seen

    await storage.delete(sample)
    assert state_of(await storage.get(other.id)) == seen


async def test_the_second_save_of_the_same_version_is_refused(
    storage: Storage, sample: AggregateRoot
) -> None:
    await storage.save(sample)
    first, second = await storage.get(sample.id), await storage.get(sample.id)
    await storage.save(first)
    change(second)

    version = second.version
    with pytest.raises(ConcurrentUpdate):
        await storage.save(second)

    assert state_of(await storage.get(sample.id)) == state_of(first)
    assert second.version == version


async def test_an_aggregate_that_changed_meanwhile_is_not_deleted(
    storage: Storage, sample: AggregateRoot
) -> None:
    await storage.save(sample)
    seen = await storage.get(sample.id)
    await storage.save(sample)

    with pytest.raises(ConcurrentUpdate):
        await storage.delete(seen)

    assert await storage.get(sample.id) is not None


async def test_a_deleted_aggregate_is_gone_and_cannot_be_saved(
    storage: Storage, sample: AggregateRoot
) -> None:
    await storage.save(sample)
    seen = await storage.get(sample.id)

    await storage.delete(sample)

    assert await storage.get(sample.id) is None
    with pytest.raises(ConcurrentUpdate):
        await storage.save(seen)


async def test_an_id_can_be_used_once(storage: Storage, sample: AggregateRoot) -> None:
    twin = a_full(type(sample), id=sample.id)
    await storage.save(sample)

    with pytest.raises(IntegrityViolation) as refusal:
        await storage.save(twin)

    # SQLite names no constraint: it is looked up in the service's tables by the columns.
    assert refusal.value.constraint.startswith("pk_")
    assert twin.version == 0


class Noted(DomainEvent):
    """An event for any aggregate."""

    type = "test.noted"


async def test_events_have_the_version_after_their_change(
    storage: Storage, sample: AggregateRoot, database: Database
) -> None:
    sample.record(Noted())
    await storage.save(sample)
    sample.record(Noted())
    sample.record(Noted())
    await storage.save(sample)
    sample.record(Noted())
    await storage.delete(sample)

    rows = await all_events(database)

    assert [(row["aggregate_version"], row["ordinal"]) for row in rows] == [
        (1, 0),
        (2, 0),
        (2, 1),
        (3, 0),
    ]
    assert {row["aggregate_id"] for row in rows} == {sample.id}
    assert {row["aggregate_type"] for row in rows} == {sample.aggregate_type}
