"""The module's emails and their recipients; infrastructure implements both."""

from typing import Protocol
from uuid import UUID

from app.modules.task.application.dto import TaskView
from app.shared.application.email import Recipient


class AddressBook(Protocol):
    """Finds recipients in the module that has the accounts."""

    async def find(self, user_id: UUID, /) -> Recipient | None:
        """Return the user's name and address, or None if the user gets no email."""
        ...


class TaskEmailSender(Protocol):
    """Writes and sends; `key` identifies repetitions. Raises EmailRefused and EmailDelayed."""

    async def send_assigned(self, to: Recipient, task: TaskView, /, *, key: str) -> None: ...

    async def send_due_soon(self, to: Recipient, task: TaskView, /, *, key: str) -> None: ...
