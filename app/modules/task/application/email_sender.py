"""The letters that the module writes, and whom to: questions to the world outside it."""

from typing import Protocol
from uuid import UUID

from app.modules.task.application.dto import TaskView
from app.shared.application.email import Recipient


class AddressBook(Protocol):
    """A question to whoever keeps the accounts."""

    async def find(self, user_id: UUID, /) -> Recipient | None:
        """Return the user's name and address, or None if they are not to be written to."""
        ...


class TaskEmailSender(Protocol):
    """Writes and sends; `key` tells repetitions. Raises EmailRefused and EmailDelayed."""

    async def send_assigned(self, to: Recipient, task: TaskView, /, *, key: str) -> None: ...

    async def send_due_soon(self, to: Recipient, task: TaskView, /, *, key: str) -> None: ...
