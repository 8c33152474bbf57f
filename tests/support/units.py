"""Units of work over a database alone: without handlers and notifications."""

from typing import TypeVar

from app.core.events import EventRegistry
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

Unit = TypeVar("Unit", bound=SqlUnitOfWork)


def unit(kind: type[Unit], database: Database) -> Unit:
    """A unit of work whose events are stored, without deliveries."""
    return kind(database, EventRegistry(), Notifier())
