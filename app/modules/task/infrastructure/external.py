"""The module's calls to other modules, and its emails."""

from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from app.core.http.routing import API
from app.modules.task.application.dto import TaskView
from app.shared.application.email import EmailKind, Mailer, Recipient
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.external.email_templates import TemplatedMailer

TEMPLATES: Final = Path(__file__).parent / "templates"


class HasActiveUser(Protocol):
    async def execute(self, request: UUID, /) -> bool: ...


class UserDirectory:
    """Asks the module that has the accounts; `app/container.py` passes its use case."""

    def __init__(self, has_active_user: HasActiveUser) -> None:
        self._has_active_user = has_active_user

    async def has_active_user(self, user_id: UUID, /) -> bool:
        return await self._has_active_user.execute(user_id)


class Contact(Protocol):
    """The part of the answer that this module reads."""

    email: str
    full_name: str


class FindContact(Protocol):
    async def execute(self, request: UUID, /) -> Contact | None: ...


class UserAddressBook:
    """Asks the module that has the accounts, as above."""

    def __init__(self, find_contact: FindContact) -> None:
        self._find_contact = find_contact

    async def find(self, user_id: UUID, /) -> Recipient | None:
        contact = await self._find_contact.execute(user_id)
        if contact is None:
            return None
        return Recipient(
            contact.full_name, EmailAddress(contact.email)
        )  # an address, as it is stored


class TemplatedTaskEmailSender:
    """Writes the emails of the folder `templates`. Links lead to `links_begin_with`."""

    def __init__(self, mailer: Mailer, *, signed_by: str, links_begin_with: str) -> None:
        self._mailer = TemplatedMailer(mailer, TEMPLATES, signed_by=signed_by)
        self._tasks = f"{links_begin_with}{API}/tasks"

    async def send_assigned(self, to: Recipient, task: TaskView, /, *, key: str) -> None:
        await self._send("task_assigned", to, task, key=key)

    async def send_due_soon(self, to: Recipient, task: TaskView, /, *, key: str) -> None:
        await self._send("task_due_soon", to, task, key=key)

    async def _send(self, email: str, to: Recipient, task: TaskView, *, key: str) -> None:
        values = {
            "name": to.name,
            "title": task.title,
            "due": task.due_at and f"{task.due_at:%Y-%m-%d %H:%M} UTC",
            "link": f"{self._tasks}/{task.id}",
        }
        await self._mailer.send(email, values, to=to.address, kind=EmailKind.WORK, key=key)
