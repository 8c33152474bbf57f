"""Tasks for tests."""

from typing import Any

from app.modules.task.domain.entities import Task, Title
from app.shared.domain.base_entity import new_id
from tests.support.moments import CREATED
from tests.support.people import Person


def a_task(**fields: Any) -> Task:
    """A task as loaded from storage: without events, in the given state."""
    given = {"owner_id": new_id(), "title": Title("Lay the foundation"), **fields}
    return Task(**{"created_at": CREATED, "updated_at": CREATED, **given})


async def create_task(person: Person, **fields: Any) -> dict[str, Any]:
    """Create a task as a user, and return it."""
    return await person.create("/tasks", {"title": "Lay the foundation", **fields})
