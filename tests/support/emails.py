"""An example of an email, and how to parse one again."""

import email
from email.message import EmailMessage
from email.policy import SMTP
from inspect import getmembers, isclass
from typing import Any

from app.shared.application.email import Email, EmailKind
from app.shared.domain.value_objects import EmailAddress


def an_email(**fields: Any) -> Email:
    given = {
        "key": "0197f0c4-1111-7222-8333-444455556666",
        "kind": EmailKind.NOTICE,
        "to": EmailAddress("ana@example.com"),
        "subject": "Olá",
        "text": "Bom dia\n",
        "html": "<p>Bom dia</p>\n",
    }
    return Email(**{**given, **fields})


def read(content: bytes) -> EmailMessage:
    """Parse an email; a defect fails."""
    message = email.message_from_bytes(content, policy=SMTP)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def urgency_of_emails(handlers: object) -> dict[str, bool]:
    """Return a module's handlers that send email, by their ids: true if high priority."""
    asked = [
        kind.subscription
        for _, kind in getmembers(handlers, isclass)
        if hasattr(kind, "subscription")
    ]
    return {each.id: each.priority == "high" for each in asked if ".email_" in each.id}
