"""Published events keep their shape, and the catalogue describes the code."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import orjson
import pytest

from app.cli import documented_settings
from app.container import ApplicationContainer
from app.core.events import EventRegistry
from app.core.jobs import Run, job
from app.shared.domain.events import DomainEvent
from app.shared.domain.jobs import Job
from app.shared.infrastructure.events.outbox.catalogue import (
    MARK,
    Schemas,
    as_json,
    broken_promises,
    described,
    schemas,
    schemas_of_jobs,
    updated,
    write_catalogue,
)

FOLDER = Path(__file__).parents[3] / "docs" / "architecture"


@pytest.fixture(scope="module")
def registry() -> EventRegistry:
    return ApplicationContainer.build(documented_settings()).registry()


@pytest.fixture
def committed() -> Schemas:
    found: Schemas = orjson.loads((FOLDER / "events.json").read_bytes())
    return found


def test_the_catalogue_says_what_the_code_says(registry: EventRegistry) -> None:
    page = (FOLDER / "events.md").read_text(encoding="utf-8")
    assert page.partition(MARK)[2] == described(registry), "run: make openapi"


def test_every_event_of_the_code_is_committed(registry: EventRegistry, committed: Schemas) -> None:
    assert updated(committed, schemas(registry)) == committed, "run: make openapi"


def test_no_published_event_has_changed_incompatibly(
    registry: EventRegistry, committed: Schemas
) -> None:
    assert broken_promises(committed, schemas(registry)) == []


def test_every_event_has_a_description(registry: EventRegistry) -> None:
    # Without a docstring a dataclass has its signature as one.
    unexplained = [
        name
        for name in registry
        if (registry[name].__doc__ or "").startswith(f"{registry[name].__name__}(")
        or not registry[name].__doc__
    ]
    assert unexplained == []


# --- Jobs -----------------------------------------------------------------------------------------


@pytest.fixture
def committed_jobs() -> Schemas:
    found: Schemas = orjson.loads((FOLDER / "jobs.json").read_bytes())
    return found


def test_every_job_of_the_code_is_committed(
    registry: EventRegistry, committed_jobs: Schemas
) -> None:
    assert updated(committed_jobs, schemas_of_jobs(registry)) == committed_jobs, "run: make openapi"


def test_no_job_has_changed_so_that_waiting_ones_would_not_be_read(
    registry: EventRegistry, committed_jobs: Schemas
) -> None:
    assert broken_promises(committed_jobs, schemas_of_jobs(registry)) == []


@dataclass(frozen=True, slots=True)
class SendParcel(Job[None]):
    """Send a parcel."""

    type: ClassVar = "parcel.send"

    parcel_id: UUID


@job(SendParcel)
class SendParcelHandler:
    async def __call__(self, args: SendParcel, run: Run[None]) -> None:
        """Do nothing."""


def test_the_arguments_of_a_job_are_committed_and_those_of_events_apart() -> None:
    registry = EventRegistry()
    registry.subscribe([SendParcelHandler()], unit_of_work=object)
    assert schemas(registry) == {}
    (version,) = schemas_of_jobs(registry)["parcel.send"].items()
    assert version[0] == "1"
    assert version[1]["required"] == ["parcel_id"]
    assert "| `parcel.send` | job | exactly once |" in described(registry)


# --- Planted events: one as it was published, and what may have become of it ----------------------


@dataclass(frozen=True, slots=True)
class Address:
    town: str


@dataclass(frozen=True, slots=True)
class Published(DomainEvent):
    """A parcel has left."""

    type: ClassVar = "parcel.left"

    parcel_id: UUID
    title: str
    to: Address


def changed(**fields: object) -> type[DomainEvent]:
    """Return the event with fields of other types, or with defaults given as (type, default)."""
    return _event(1, {"parcel_id": UUID, "title": str, "to": Address} | fields)


def _event(version: int, fields: dict[str, object]) -> type[DomainEvent]:
    body: dict[str, object] = {"type": "parcel.left", "schema_version": version}
    annotations: dict[str, object] = {"type": ClassVar[str], "schema_version": ClassVar[int]}
    for name, given in fields.items():
        if given is None:  # the field was removed
            continue
        kind, *default = given if isinstance(given, tuple) else (given,)
        annotations[name] = kind
        if default:
            body[name] = field(default=default[0])
    made = type("Published", (DomainEvent,), body | {"__annotations__": annotations})
    return dataclass(frozen=True)(made)


def published(kind: type[DomainEvent]) -> EventRegistry:
    registry = EventRegistry()
    registry.publish([kind])
    return registry


@pytest.fixture
def promised() -> Schemas:
    return schemas(published(Published))


def test_an_unchanged_event_is_compatible(promised: Schemas) -> None:
    assert broken_promises(promised, schemas(published(changed()))) == []


@dataclass(frozen=True, slots=True)
class AddressWithoutTown:
    street: str


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"title": None}, "title is gone"),
        ({"title": int}, "title is of another type"),
        ({"title": str | None}, "title is of another type"),
        ({"to": AddressWithoutTown}, "to is of another type"),
        ({"weight": int}, "weight is required now"),
    ],
)
def test_a_removed_retyped_or_newly_required_field_is_incompatible(
    promised: Schemas, change: dict[str, object], complaint: str
) -> None:
    found = broken_promises(promised, schemas(published(changed(**change))))
    assert found == [f"parcel.left, version 1: {complaint}"]


def test_a_new_optional_field_is_compatible_and_then_part_of_the_promise(
    promised: Schemas,
) -> None:
    with_weight = schemas(published(changed(weight=(int | None, None))))
    assert broken_promises(promised, with_weight) == []

    promised_now = updated(promised, with_weight)
    assert broken_promises(promised_now, schemas(published(changed()))) == [
        "parcel.left, version 1: weight is gone"
    ]


def test_a_field_that_becomes_required_is_incompatible(promised: Schemas) -> None:
    optional = schemas(published(changed(weight=(int, 1))))
    promised_now = updated(promised, optional)
    assert broken_promises(promised_now, schemas(published(changed(weight=int)))) == [
        "parcel.left, version 1: weight is required now"
    ]


def test_a_removed_event_is_incompatible(promised: Schemas) -> None:
    assert broken_promises(promised, {}) == ["parcel.left is not there any more"]


def test_a_new_schema_version_may_have_any_form_and_the_old_one_stays(
    promised: Schemas,
) -> None:
    second = schemas(published(_event(2, {"parcel_id": int})))
    assert broken_promises(promised, second) == []
    assert set(updated(promised, second)["parcel.left"]) == {"1", "2"}


def test_writing_the_catalogue_refuses_an_incompatible_event(promised: Schemas) -> None:
    incompatible = schemas(published(changed(title=int)))
    assert updated(promised, incompatible) == promised


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "events.md").write_text(f"By hand.\n{MARK}Old.\n", encoding="utf-8")
    return tmp_path


def test_hand_written_text_stays_when_the_rest_is_generated(
    folder: Path, promised: Schemas
) -> None:
    write_catalogue(published(Published), folder)
    page = (folder / "events.md").read_text(encoding="utf-8")
    assert page.startswith(f"By hand.\n{MARK}\n## Events")
    assert "A parcel has left." in page
    assert "Old." not in page
    assert (folder / "events.json").read_bytes() == as_json(promised)
