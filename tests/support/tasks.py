"""Tasks, made for a test."""

import datetime as dt
from typing import Any, Final

from app.modules.task.domain.entities import Task, Title
from app.shared.domain.base_entity import new_id

CREATED: Final = dt.datetime(2026, 1, 1, 9, 0, 0, 123_456, tzinfo=dt.UTC)
NOW: Final = dt.datetime(2026, 1, 2, 17, 30, 0, 654_321, tzinfo=dt.UTC)


def a_task(**fields: Any) -> Task:
    """A task as it comes from storage: without events, and in whichever state is named."""
    given = {"owner_id": new_id(), "title": Title("Lay the foundation"), **fields}
    return Task(**{"created_at": CREATED, "updated_at": CREATED, **given})
