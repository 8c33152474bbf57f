"""Emails, as use cases and handlers know them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from app.core.endings import DeadLetter
from app.shared.domain.value_objects import EmailAddress


class EmailRefused(DeadLetter):
    """This email will never be accepted: another attempt would fail too."""


class EmailDelayed(Exception):
    """The email was not accepted this time."""


class EmailKind(StrEnum):
    """The reason for an email, which decides about its limit."""

    NOTICE = "notice"  # what happened to their account
    REQUEST = "request"  # requested with this address, perhaps by another person
    RECOVERY = "recovery"  # the only way back into the account
    WORK = "work"  # what they should do, as other users say


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient. The name is None if the address is not verified."""

    name: str | None
    address: EmailAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """An email to one person. Two emails with the same key are the same one, sent again."""

    KEY: ClassVar = re.compile(r"[A-Za-z0-9_-]{1,100}")

    key: str
    kind: EmailKind
    to: EmailAddress
    subject: str
    text: str
    html: str

    def __post_init__(self) -> None:
        if not self.KEY.fullmatch(self.key):  # the key becomes a Message-ID and a file name
            raise ValueError(f"{self.key!r} cannot be the key of an email")


class TemplateMailer(Protocol):
    async def send(
        self,
        template: str,
        values: Mapping[str, Any],
        /,
        *,
        to: EmailAddress,
        kind: EmailKind,
        key: str,
    ) -> None:
        """Write the email of a template and hand it over. Raises EmailRefused and EmailDelayed."""
        ...


class Mailer(Protocol):
    async def send(self, email: Email, /) -> None:
        """Send it. Raises EmailRefused and EmailDelayed."""
        ...
